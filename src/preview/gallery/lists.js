// The people who get nothing, the findings, and what to do to approve.
function skippedPeople() {
  const rows = skipped.people.map(([email, reason]) => [
    `${email}\n${reason}`.toLowerCase(),
    el('tr', {}, el('td', {}, email), el('td', {}, reason)),
  ]);
  const body = el('tbody', {});
  const count = el('p', { class: 'soft', role: 'status' });
  const find = el('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => change({ who: find.value }) });
  const reasons = Object.entries(skipped.reasons).sort((one, other) => other[1] - one[1]).slice(0, 12);
  const none = about.skipped === 0;
  const pane = el('section', { class: 'page', 'aria-labelledby': 'skipped-title' },
    el('h2', { id: 'skipped-title' }, 'Skipped'),
    none ? empty('Everyone in the list gets an edition.') : [
      el('p', {}, `${about.skipped.toLocaleString('en')} of ${(about.skipped + about.recipients).toLocaleString('en')} people get nothing:`),
      el('ul', { class: 'reasons' }, reasons.map(([reason, people]) => el('li', {}, badge(people.toLocaleString('en')), ' ', reason))),
      el('label', { class: 'field find' }, el('span', {}, 'Search'), find),
      count,
      el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'People who get nothing' },
        el('table', { class: 'table' },
          el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Reader'), el('th', { scope: 'col' }, 'Reason'))), body)),
      skipped.more > 0 && el('p', { class: 'soft' }, `And ${skipped.more.toLocaleString('en')} more, who all stand in manifest.json.`),
    ]);
  return Object.assign(pane, {
    show() {
      if (none) return;
      if (document.activeElement !== find) find.value = state.who;
      const wanted = state.who.toLowerCase();
      const found = rows.filter(([text]) => text.includes(wanted)).map(([, row]) => row);
      body.replaceChildren(...found);
      count.textContent = `${counted(found.length, 'person').replace('persons', 'people')} shown`;
    },
  });
}

const SEVERITIES = { error: 'Error', warning: 'Warning', info: 'Note' };

function findingCard(finding, chips) {
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== null && part !== undefined).join(':');
  return el('li', { class: `finding ${finding.severity}` },
    el('p', { class: 'what' }, badge(SEVERITIES[finding.severity], finding.severity), ' ', el('span', { dir: 'auto' }, marked(finding.message)),
      finding.value && el('span', { class: 'soft' }, ` (${finding.field}: ${finding.value})`)),
    finding.help && el('p', { class: 'cure' }, marked(finding.help)),
    el('p', { class: 'place' }, place && el('code', {}, place), place && ' · ', el('span', {}, finding.code)),
    chips && finding.editions && el('p', { class: 'chips' }, finding.editions.slice(0, 12).map((id) => [
      link({ view: 'editions', edition: id, tab: 'mail' }, { class: 'chip' }, id), ' ',
    ]), finding.editions.length > 12 && `and ${finding.editions.length - 12} more`));
}

function findingsOf(edition) {
  if (edition.findings.length === 0) return empty('Nothing was found in this edition.');
  return el('ul', { class: 'findings' }, edition.findings.map((finding) => findingCard(finding, false)));
}

function allFindings() {
  const counts = WEIGHTS.map((weight) => [weight, findings.filter(({ severity }) => severity === weight).length]);
  const ordered = WEIGHTS.flatMap((weight) => findings.filter(({ severity }) => severity === weight));
  const buttons = [['', findings.length], ...counts].map(([weight, count]) => el('button', {
    type: 'button', 'data-value': weight, onclick: () => change({ severity: weight }),
  }, `${weight ? `${SEVERITIES[weight]}s` : 'All'} ${count}`));
  const body = el('ul', { class: 'findings' });
  const pane = el('section', { class: 'page', 'aria-labelledby': 'findings-title' },
    el('h2', { id: 'findings-title' }, 'Findings'),
    findings.length === 0 ? empty('The check found nothing.') : [
      el('p', { class: 'soft' }, 'What ', el('code', {}, `bulletin check ${about.issue}`), ' says, with the editions in which it shows.'),
      el('div', { class: 'switches', role: 'group', 'aria-label': 'Severity' }, buttons), body,
      about.findings_more > 0 && el('p', { class: 'soft' }, `And ${about.findings_more.toLocaleString('en')} more about rows of the list.`),
    ]);
  let shown;
  return Object.assign(pane, {
    show() {
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.value === state.severity));
      if (shown === state.severity) return;
      shown = state.severity;
      body.replaceChildren(...ordered.filter(({ severity }) => !shown || severity === shown).map((finding) => findingCard(finding, true)));
    },
  });
}

function command(text) {
  const code = el('code', {}, text);
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': `Copy: ${text}`, onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // From the disk, a browser may want it the old way.
      getSelection().selectAllChildren(code);
      document.execCommand('copy');
      getSelection().removeAllRanges();
    }
    button.lastChild.textContent = 'Copied';
    say('Copied');
    setTimeout(() => { button.lastChild.textContent = 'Copy'; }, 1600);
  } }, icon(ICONS.copy), el('span', {}, 'Copy'));
  return el('div', { class: 'command' }, code, button);
}

function approval() {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const dialog = byId('approve');
  dialog.append(
    el('h2', { id: 'approve-title' }, 'Approve'),
    el('p', {}, 'What every reader can get has the digest ', el('strong', { class: 'digest' }, about.digest), `: ${counted(about.recipients, 'recipient')} in ${counted(editions.length, 'edition')}, ${about.skipped.toLocaleString('en')} skipped.`),
    errors > 0 && el('p', { class: 'grave' }, `The check found ${counted(errors, 'error')}: `, link({ view: 'findings', severity: 'error' }, { onclick: () => dialog.close() }, 'look at them first'), '.'),
    el('p', {}, 'Once you have looked at each edition, go through the whole send on this machine:'),
    command(`bulletin rehearse ${about.issue}`),
    el('p', {}, 'And then send what you have seen, and nothing else:'),
    command(`bulletin send ${about.issue} --approve ${about.digest}`),
    el('p', { class: 'soft' }, 'If a source, a template or the sender changes, the digest changes too, and this approval is worth nothing.'),
    el('form', { method: 'dialog' }, el('button', { class: 'plain-button' }, 'Close')));
  return el('button', { type: 'button', class: 'main-button', 'aria-haspopup': 'dialog', onclick: () => dialog.showModal() }, 'Approve', el('code', {}, about.digest.slice(0, 8)));
}
