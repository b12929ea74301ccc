// The page of one reader: what they get, and why each item is in or out, in the place of the list.
const whyOf = () => el('section', { class: 'pane', 'aria-label': 'The reader' }, empty(''));
