// The bank's page. The same script serves both ways to log in: a cookie travels by itself, and a
// token that the log-in answers with is kept in localStorage and sent in a header.
"use strict";
const find = (id) => document.getElementById(id);

async function call(path, data) {
  const reply = await send(path, data);
  // Perhaps the access token is over: fetch the next one, and ask once more.
  if (reply.status !== 401 || !localStorage.getItem("refresh")) return reply;
  const kept = localStorage.getItem("refresh_token");
  const given = await send("refresh", kept ? { refresh_token: kept } : {});
  keep(given);
  return given.status === 200 ? send(path, data) : reply;
}

function keep(given) {
  const names = { access_token: "token", refresh: "refresh", refresh_token: "refresh_token" };
  for (const name in names) if (given[name]) localStorage.setItem(names[name], given[name]);
}

async function send(path, data) {
  const token = localStorage.getItem("token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (data) headers["Content-Type"] = "application/json";
  const body = data && JSON.stringify(data);
  const reply = await fetch(path, { method: data ? "POST" : "GET", headers, body });
  return { status: reply.status, ...(await reply.json()) };
}

function say(text) {
  find("says").textContent = text;
}

async function show() {
  const account = await call("balance");
  const known = account.status === 200;
  find("login").hidden = known;
  find("account").hidden = !known;
  if (!known) return;
  find("user").textContent = account.user;
  find("balance").textContent = account.balance;
  const { sessions } = await call("sessions");
  find("sessions").replaceChildren(...sessions.map(line));
}

function line(session) {
  const item = document.createElement("li");
  const since = new Date(session.since * 1000).toLocaleString();
  const where = session.agent ? `, ${session.address}, ${session.agent}` : "";
  item.textContent = `since ${since}${where} `;
  if (session.this_one) {
    item.append(" (here)");
  } else {
    const button = document.createElement("button");
    button.textContent = "End it";
    button.onclick = () => {
      const password = find("again").value;
      find("again").form.reset();
      act("sessions/end", { handle: session.handle, password });
    };
    item.append(button);
  }
  return item;
}

async function act(path, data) {
  const reply = await call(path, data);
  keep(reply);
  if (path.startsWith("logout")) {
    for (const name of ["token", "refresh", "refresh_token"]) localStorage.removeItem(name);
  }
  find("code").hidden = !reply.factor;
  if (reply.factor) {
    find("login").hidden = true;
    find("code").elements.factor.value = reply.factor;
    say("");
    return;
  }
  const rest = reply.still_works_for;
  const copy = rest ? ` A copy of the token works for ${rest} more seconds.` : "";
  say(reply.error || `Done.${copy}`);
  await show();
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(form));
    if (data.amount) data.amount = Number(data.amount);
    form.reset();
    await act(form.dataset.call, data);
  });
}
show();
