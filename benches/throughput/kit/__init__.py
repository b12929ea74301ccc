"""The throughput kit: Bulletin and its peers against one sink, in turns. See docs/BENCHMARKS.md."""


class CouldNot(Exception):
    """Something that a run needs failed; the words are for people."""
