// The pages of a forgotten password. Opening the link sends no token anywhere: pressing does.
"use strict";
const confirming = location.pathname.endsWith("/confirm");
const form = document.getElementById(confirming ? "confirm" : "ask");
const token = form.dataset.token || location.hash.slice(1)
  || new URLSearchParams(location.search).get("token");
form.hidden = false;
// What stands in the address bar stays in the history: take the token out of it.
if (token) history.replaceState(null, "", location.pathname);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true; // a double click sends one request
  const data = { ...Object.fromEntries(new FormData(form)), ...(confirming && { token }) };
  const reply = await fetch(form.dataset.call, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
  });
  const said = await reply.json();
  const rest = said.still_works_for;
  const copy = rest ? ` A copy of an old log-in works for ${rest} more seconds.` : "";
  document.getElementById("says").textContent = (said.error || said.says) + copy;
  form.reset();
  button.disabled = false;
  if (reply.ok) form.hidden = true;
});
