import { rowOf } from "../fieldpack/npy.js";
import { answerView, heardView } from "./answers.js";
import { array } from "./description.js";
import { element } from "./elements.js";
import { drawn, pixelsOf, recordingOf } from "./files.js";
import { placeMap } from "./map.js";
export async function inputForm(about, model, ask) {
    if (about.input.kind === "image")
        return pictureForm(about, model, ask);
    if (about.input.kind === "location")
        return placeForm(about, about.input, model, ask);
    return recordingForm(about, model, ask);
}
async function pictureForm(about, model, ask) {
    const seen = element("figure", { class: "seen" });
    const bgr = about.input.kind === "image" && about.input.color_order === "bgr";
    const zone = dropZone("image/*", "Choose or drop a picture", (file) => ask(async () => {
        const opened = await model;
        const pixels = opened.seen(await pixelsOf(file));
        const canvas = drawn(pixels, bgr);
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", "The picture as the model sees it");
        seen.replaceChildren(canvas, element("figcaption", {}, "what the model sees"));
        return answerView(about, await opened.ofPrepared(pixels.data));
    }));
    return [zone, seen, await examples(about, model, ask)];
}
async function examples(about, model, ask) {
    const stored = await array(about.golden.input);
    const [, height, width, channels] = stored.shape;
    const bgr = about.input.kind === "image" && about.input.color_order === "bgr";
    const buttons = Array.from({ length: Math.min(8, about.golden.count) }, (_, index) => {
        const data = rowOf(stored, index);
        const button = element("button", { type: "button", "aria-label": `Example ${index + 1}` });
        button.append(drawn({ width, height, channels, data }, bgr));
        button.addEventListener("click", () => ask(async () => answerView(about, await (await model).ofPrepared(data))));
        return button;
    });
    return element("div", { class: "examples" }, element("p", { class: "small" }, "or one of the bundle's own"), ...buttons);
}
function recordingForm(about, model, ask) {
    const player = element("audio", { controls: "" });
    player.hidden = true;
    const zone = dropZone("audio/*,.wav", "Choose or drop a recording", (file) => ask(async (tell) => {
        if (player.src)
            URL.revokeObjectURL(player.src);
        player.src = URL.createObjectURL(file);
        player.hidden = false;
        const { recording, exact } = await recordingOf(file);
        const progress = (share) => tell(`Listening, ${Math.round(share * 100)} %`);
        const heard = await (await model).ofRecording(recording, progress);
        const note = exact ? [] : [element("p", { class: "small" }, "Decoded by the browser; a WAV file is read exactly.")];
        return [...heardView(about, heard), ...answerView(about, heard), ...note];
    }));
    return [zone, player];
}
function placeForm(about, input, model, ask) {
    const latitude = numberField("Latitude, °", -90, 90, "0");
    const longitude = numberField("Longitude, °", -180, 180, "0");
    const elevation = numberField("Elevation, m", -32768, 9000, "");
    const week = numberField("Week, 1 to 48", 1, 48, "");
    const run = () => ask(async () => {
        const place = {
            latitudeDegrees: latitude.field.valueAsNumber,
            longitudeDegrees: longitude.field.valueAsNumber,
            elevationM: given(elevation.field),
            week: given(week.field),
        };
        map.show(place.latitudeDegrees, place.longitudeDegrees);
        return answerView(about, await (await model).ofPlace(place));
    });
    const map = placeMap((lat, lon) => {
        [latitude.field.value, longitude.field.value, elevation.field.value] = [lat.toFixed(2), lon.toFixed(2), ""];
        run();
    });
    const button = element("button", { class: "primary", type: "submit" }, "Ask this place");
    const fields = [latitude.view, longitude.view];
    if (input.encoding.kind === "inaturalist_5")
        fields.push(elevation.view);
    if (input.encoding.kind === "birdnet_3")
        fields.push(week.view);
    const form = element("form", { class: "fields" }, ...fields, button);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        run();
    });
    return [map.view, form];
}
function given(field) {
    return field.value.trim() === "" ? undefined : field.valueAsNumber;
}
function numberField(words, low, high, value) {
    const field = element("input", { type: "number", step: "any", min: String(low), max: String(high), value });
    return { view: element("label", {}, words, field), field };
}
function dropZone(accept, words, given) {
    const field = element("input", { type: "file", accept, class: "hidden" });
    const zone = element("label", { class: "drop" }, field, element("b", {}, words), element("small", {}, "It does not leave this device."));
    field.addEventListener("change", () => {
        const file = field.files?.[0];
        if (file)
            given(file);
        field.value = "";
    });
    for (const name of ["dragenter", "dragover"]) {
        zone.addEventListener(name, (event) => {
            event.preventDefault();
            zone.classList.add("over");
        });
    }
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        const file = event.dataTransfer?.files[0];
        if (file)
            given(file);
    });
    return zone;
}
