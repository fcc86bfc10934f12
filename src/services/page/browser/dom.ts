type Child = Node | string;

/** An element. Children that are strings become text, whatever is in them. */
export function element(
  name: string,
  className: string,
  ...children: readonly Child[]
): HTMLElement {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...children.map((child) => (typeof child === "string" ? shown(child) : child)));
  return made;
}

/** A table, or a sentence if it has no rows. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLElement {
  if (rows.length === 0) return element("p", "dim", "none");
  const head = element("tr", "", ...heads.map(headCell));
  const body = rows.map((row) => element("tr", "", ...row.map((cell) => element("td", "", cell))));
  const made = element("table", "", element("thead", "", head), element("tbody", "", ...body));
  made.setAttribute("aria-label", caption);
  const wide = element("div", "wide", made);
  wide.tabIndex = 0;
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", `${caption}, may scroll`);
  return wide;
}

function headCell(text: string): HTMLElement {
  const cell = element("th", "", text);
  cell.setAttribute("scope", "col");
  return cell;
}

/** The element of the page that has this id. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as Kind;
}

/** Control characters, and those that reorder text or are invisible, are shown by their code. */
export function shown(text: string): string {
  return text.replace(
    /[^\P{Cc}\n]|[\p{Bidi_Control}\p{Zl}\p{Zp}\u00ad\u200b\u2060\ufeff]/gu,
    (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    },
  );
}
