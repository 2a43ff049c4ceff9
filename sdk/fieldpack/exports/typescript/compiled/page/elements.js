export function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
        made.setAttribute(name, value);
    made.append(...children.filter((child) => child !== null));
    return made;
}
export function part(id) {
    const found = document.getElementById(id);
    if (found === null)
        throw new Error(`the page has no ${id}`);
    return found;
}
