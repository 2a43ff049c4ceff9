export class InputError extends Error {
    name = "InputError";
}
