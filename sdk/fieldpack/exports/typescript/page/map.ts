/** A map of the whole earth in degrees, to tap on; without coasts, since a model may know another planet. */

import { element } from "./elements.ts";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 30;

/** The map and the function that moves its mark. */
export interface PlaceMap {
  readonly view: HTMLElement;
  show(latitudeDegrees: number, longitudeDegrees: number): void;
}

export function placeMap(tapped: (latitudeDegrees: number, longitudeDegrees: number) => void): PlaceMap {
  const drawing = shape("svg", { viewBox: "-180 -90 360 180", role: "img", "aria-label": "Map in degrees; tap a place" });
  for (let at = -180; at <= 180; at += STEP) drawing.append(shape("path", { d: `M${at} -90V90`, class: at === 0 ? "zero" : "grid" }));
  for (let at = -90; at <= 90; at += STEP) drawing.append(shape("path", { d: `M-180 ${at}H180`, class: at === 0 ? "zero" : "grid" }));
  for (let at = -150; at <= 150; at += 60) drawing.append(text(at, 87, `${Math.abs(at)}°${at < 0 ? "W" : "E"}`));
  for (const at of [-60, -30, 30, 60]) drawing.append(text(-170, -at - 1.5, `${Math.abs(at)}°${at < 0 ? "S" : "N"}`));
  const mark = shape("circle", { r: "4", class: "place", cx: "0", cy: "0" });
  drawing.append(mark);
  drawing.addEventListener("click", (event) => {
    const box = drawing.getBoundingClientRect();
    const longitude = ((event.clientX - box.left) / box.width) * 360 - 180;
    const latitude = 90 - ((event.clientY - box.top) / box.height) * 180;
    tapped(Math.min(90, Math.max(-90, latitude)), Math.min(180, Math.max(-180, longitude)));
  });
  const show = (latitude: number, longitude: number): void => {
    mark.setAttribute("cx", String(longitude));
    mark.setAttribute("cy", String(-latitude));
  };
  return { view: element("div", { class: "map" }, drawing), show };
}

function shape(tag: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function text(x: number, y: number, words: string): SVGElement {
  const made = shape("text", { x: String(x), y: String(y) });
  made.textContent = words;
  return made;
}
