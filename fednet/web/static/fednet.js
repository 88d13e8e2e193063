/* What pages do besides when scripts run; without, all of it works another way. Each part starts from a data- attribute. */
"use strict";

const post = async (address, fields, signal) => {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields), signal });
  return answer.ok ? answer.json() : {};
};

const fieldsOf = (form) => [...new FormData(form), ["token", form.dataset.token || ""]];

/* Asks when nothing has changed for a moment, and forgets answers that came too late. */
const asking = (ask, told) => {
  let timer, control;
  return () => {
    clearTimeout(timer);
    control?.abort();
    timer = setTimeout(() => {
      control = new AbortController();
      ask(control.signal).then(told, () => {});
    }, 180);
  };
};

/* data-suggest on an input: a list of what may be meant (WAI-ARIA combobox with a listbox). */
function suggest(input) {
  const form = input.form;
  const list = document.createElement("ul");
  list.id = input.id + "-list";
  list.className = "suggested";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestions);
  input.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id],
    ["aria-expanded", "false"]]) input.setAttribute(name, value);
  let at = -1;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (next) => {
    const options = list.children;
    options[at]?.setAttribute("aria-selected", "false");
    at = (next + options.length) % options.length;
    options[at].setAttribute("aria-selected", "true");
    options[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[at].id);
  };
  const take = (option) => {
    input.value = option.firstChild.textContent;
    close();
    form.requestSubmit();
  };
  const show = ({ items = [] }) => {
    list.replaceChildren(...items.map(([text, what], number) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${number}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const name = document.createElement("bdi");
      name.textContent = text;
      const kind = document.createElement("span");
      kind.className = "quiet";
      kind.textContent = what;
      option.append(name, " ", kind);
      return option;
    }));
    at = -1;
    list.hidden = !items.length || document.activeElement !== input;
    input.setAttribute("aria-expanded", String(!list.hidden));
  };
  const token = ["token", form.dataset.token || ""];
  const ask = asking((signal) => post(input.dataset.suggest, [["text", input.value], token], signal), show);

  input.addEventListener("input", () => (input.value.trim().length > 1 ? ask() : close()));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at < 0 ? -1 : at - 1);
    else if (event.key === "Enter" && at >= 0) take(list.children[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}

/* data-count on a form: its <output> says how many entries the fields would find. */
function count(form) {
  const said = form.querySelector("output");
  const ask = asking((signal) => post(form.dataset.count, fieldsOf(form), signal), (found) => {
    said.textContent = found.said || "";
  });
  form.addEventListener("input", ask);
  form.addEventListener("formdata", ({ formData }) => { /* what is not asked for is not in the address */
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
}

/* data-passkey on a form: "register" makes a passkey, "sign-in" uses one (W3C Web Authentication, level 3). */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replaceAll("/", "_").replace(/=+$/, "");

function passkey(form) {
  if (!window.PublicKeyCredential) return;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const publicKey = await post(form.dataset.options, [["token", form.elements.token.value]]);
      publicKey.challenge = bytes(publicKey.challenge);
      if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
      for (const one of [...(publicKey.allowCredentials || []), ...(publicKey.excludeCredentials || [])]) {
        one.id = bytes(one.id);
      }
      const making = form.dataset.passkey === "register" && publicKey.user;
      const { id, type, rawId, response } = await navigator.credentials[making ? "create" : "get"]({ publicKey });
      const told = {};
      for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
        if (response[name]) told[name] = text64(response[name]);
      }
      form.elements.credential.value = JSON.stringify({ id, type, rawId: text64(rawId), response: told });
      form.submit();
    } catch {
      form.querySelector("[role=alert]").hidden = false;
    }
  });
}

/* data-zone on a part: shown, with a link to this page in the zone of the reader's clock, where the page is in another. */
function ownClock(part) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (!timeZone || timeZone === part.dataset.zone) return;
  const there = new URL(location);
  there.searchParams.set("zone", timeZone);
  part.querySelector("a").href = there.pathname + there.search;
  part.hidden = false;
}

document.querySelectorAll("[data-suggest]").forEach(suggest);
document.querySelectorAll("[data-count]").forEach(count);
document.querySelectorAll("[data-passkey]").forEach(passkey);
document.querySelectorAll("[data-zone]").forEach(ownClock);
