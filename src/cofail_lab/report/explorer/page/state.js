// What the inputs say, and the address that says it again.

/** A setting that cannot be; its message is shown to the reader. */
export class Impossible extends Error {}

/** Numbers of a form by name; choices as they are. Raises Impossible for a number outside its range. */
export function read(form) {
  const values = {};
  for (const input of form.elements) {
    if (!input.name || (input.type === "radio" && !input.checked)) continue;
    values[input.name] = input.type === "number" ? numberOf(input) : input.value;
  }
  return values;
}

function numberOf(input) {
  const value = input.valueAsNumber;
  const [low, high] = [Number(input.min), Number(input.max)];
  const wrong = !(value >= low && value <= high) || (input.step === "1" && !Number.isInteger(value));
  // Inputs of laws that are not chosen do not matter.
  const matters = !input.closest("[hidden]");
  input.setAttribute("aria-invalid", String(wrong && matters));
  if (wrong && matters) {
    const kind = input.step === "1" ? "a whole number" : "a number";
    throw new Impossible(
      `${input.labels[0].textContent}: ${kind} from ${low.toLocaleString("en-US")} to ${high.toLocaleString("en-US")} is accepted.`,
    );
  }
  return value;
}

/** The inputs that differ from how the page begins, as the fragment of an address. */
export function fragment(forms) {
  const changed = new URLSearchParams();
  for (const input of named(forms)) {
    if (input.type === "radio") {
      if (input.checked && !input.defaultChecked) changed.set(input.name, input.value);
    } else if (input.value !== input.defaultValue) changed.set(input.name, input.value);
  }
  return changed.toString();
}

/** Set the inputs to what a fragment says; what it does not name is as the page begins. */
export function restore(forms, text) {
  const wanted = new URLSearchParams(text.replace(/^#/, ""));
  for (const input of named(forms)) {
    const value = wanted.get(input.name);
    if (input.type === "radio") input.checked = value === null ? input.defaultChecked : input.value === value;
    else input.value = value !== null && Number.isFinite(Number(value)) ? value : input.defaultValue;
  }
  for (const form of forms) {
    // A choice that does not exist leaves none chosen.
    for (const radio of form.querySelectorAll("input[type=radio]")) {
      if (!form.elements[radio.name].value) radio.checked = radio.defaultChecked;
    }
  }
}

function named(forms) {
  return forms.flatMap((form) => [...form.elements]).filter((input) => input.name);
}
