"use strict";

// Keys answer, and an answer is sent once.
{
  const form = document.getElementById("vote");
  const keys = { 1: "left", 2: "none", 3: "right", ArrowLeft: "left", ArrowDown: "none", ArrowRight: "right" };
  let sent = false;
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const answer = keys[event.key];
    if (!answer) return;
    event.preventDefault();
    if (!sent) form.requestSubmit(form.querySelector(`button[value="${answer}"]`));
  });
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", () => { sent = false; }); // shown again by the Back button
}
