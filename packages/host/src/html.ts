/** Text inside the pages that programs write. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that a browser shows as it is. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (each) => entities[each] ?? '');
