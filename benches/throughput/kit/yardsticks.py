"""What is compared with and sends nothing: OpenSSL's signatures, and the renderings of an edition."""

import os
import re
import subprocess

from . import CouldNot

# How often an edition is rendered, by Bulletin and by MJML's reference implementation.
OURS, THEIRS = 300, 40


def said(*command, **options):
    """What a command printed; it has to succeed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise CouldNot(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def openssl_signs(_bench):
    """RSA-2048 signatures a second on all cores, as `openssl speed` counts them."""
    cores = len(os.sched_getaffinity(0))
    table = said("openssl", "speed", "-seconds", 3, "-multi", cores, "rsa2048")
    # rsa 2048 bits 0.000337s 0.000010s   2965.3 101364.1
    row = re.search(r"^rsa +2048 bits +\S+ +\S+ +([\d.]+)", table, re.MULTILINE)
    return float(row.group(1))


def bulletin_kernel(name):
    """Runs a second of a kernel of benches/instructions.rs, timed without its preparation."""

    def rate(bench):
        kernels = ("cargo", "bench", "--quiet", "--bench", "instructions", "--")
        return 1 / float(said(*kernels, "--time", name, OURS, cwd=bench.root))

    return rate


def mjml_editions(bench):
    """Renderings a second of the MJML of the same edition by npm's mjml; of that alone."""
    out = bench.work / "mjml"
    said(bench.root / "target" / "release" / "examples" / "assembled_mjml", "2015-11", out, cwd=bench.root)
    largest = max(out.glob("en-*.mjml"), key=lambda file: file.stat().st_size)
    environment = {**os.environ, "MJML_FROM": str(bench.root / "tests" / "browser")}
    return 1 / float(said("node", bench.kit / "peers" / "mjml.mjs", largest, THEIRS, env=environment))
