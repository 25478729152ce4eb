// The frame of all places: navigation, the bar, sign-in, keys.
import { Component, html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { address, call, onSignedOut } from "./api.js";
import { begin } from "./live.js";
import { go, useRoute } from "./route.js";
import { Icon, State } from "./parts/ui.js";
import { ask } from "./parts/dialog.js";
import { CallsButton } from "./parts/calls.js";
import { focusHeading, keepFocus } from "./parts/focus.js";
import { pressed } from "./parts/keys.js";
import { Palette } from "./parts/palette.js";
import { SignIn } from "./places/signin.js";
import { Overview } from "./places/overview.js";
import { Agents } from "./places/agents.js";
import { Agent } from "./places/agent.js";
import { NewAgent } from "./places/newagent.js";
import { Runs } from "./places/runs.js";
import { Run } from "./places/run.js";
import { Knowledge } from "./places/knowledge.js";
import { Tools } from "./places/tools.js";
import { People } from "./places/people.js";
import { API } from "./places/api/operations.js";
import { Settings } from "./places/settings.js";

export const places = [
  ["overview", "Overview", "o"], ["agents", "Agents", "a"], ["runs", "Runs", "r"], ["knowledge", "Knowledge", "k"],
  ["tools", "Tools", "t"], ["people", "People", "p"], ["api", "API", "i"], ["settings", "Settings", "s"],
];
const screens = { overview: Overview, knowledge: Knowledge, tools: Tools, people: People, api: API, settings: Settings };

function screen({ path }) {
  const [place = "overview", id] = path;
  if (place === "agents") return id === "new" ? NewAgent : id ? Agent : Agents;
  if (place === "runs") return id ? Run : Runs;
  return screens[place];
}

function Lost() {
  return html`<main id="main" tabindex="-1"><div class="empty"><p>There is no such place.</p><a class="btn" href="#/overview">Go to the overview</a></div></main>`;
}

/** A fault of one screen leaves the others. */
class Guard extends Component {
  constructor() { super(); this.state = { fault: null }; }
  componentDidCatch(fault) { this.setState({ fault }); }
  render({ children }, { fault }) {
    if (!fault) return children;
    return html`<main id="main" tabindex="-1"><div class="note err" role="alert">This screen failed: <bdi>${String(fault.message ?? fault)}</bdi>. Nothing on the server was changed by that. <button class="btn tiny" type="button" onClick=${() => this.setState({ fault: null })}>Show it again</button></div></main>`;
  }
}

function theme() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* private windows may refuse it */ }
}

function Health({ session }) {
  const [health, set] = useState(null);
  useEffect(() => {
    let timer;
    const look = async () => {
      try { set(await call("GET", "/v1/ready/", { quiet: true })); } catch (error) { set({ failed: error.message }); }
      timer = setTimeout(look, 10000);
    };
    look();
    return () => clearTimeout(timer);
  }, []);
  const leave = async everywhere => {
    if (everywhere && !(await ask("Sign out in all browsers, this one too?", null, "Sign out everywhere"))) return;
    await call("DELETE", "/v1/server/session", { query: { everywhere: everywhere || undefined } });
    try { for (const key of Object.keys(sessionStorage)) sessionStorage.removeItem(key); } catch { /* nothing is there then */ }
    location.reload();
  };
  return html`<div class="foot">
    ${health?.failed ? html`<${State} kind="err">The server does not answer<//>` : html`<${State} kind="ok">Ready${health ? ` · ${health.server_version}` : ""}<//>`}
    ${session?.requires_password && html`<span><button class="btn tiny ghost" type="button" onClick=${() => leave(false)}>Sign out</button><button class="btn tiny ghost" type="button" onClick=${() => leave(true)}>everywhere</button></span>`}
  </div>`;
}

function App() {
  const route = useRoute();
  const [session, setSession] = useState(null);
  const [asking, setAsking] = useState(false);
  const [finding, setFinding] = useState(false);
  const [title, setTitle] = useState([]);
  const waiting = useRef([]);
  const leader = useRef(-Infinity);
  useEffect(() => {
    onSignedOut(() => new Promise(resolve => { waiting.current.push(resolve); setAsking(true); }));
    call("GET", "/v1/server/session", { quiet: true }).then(value => { setSession(value); begin(); }, () => {});
  }, []);
  useEffect(() => {
    const key = event => {
      if ((event.ctrlKey || event.metaKey) && event.key === "k" && !event.defaultPrevented) { event.preventDefault(); setFinding(true); return; }
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog, .editor")) return;
      if (event.key === "g") { leader.current = performance.now(); return; }
      if (performance.now() - leader.current < 1500) {
        const place = places.find(([, , letter]) => letter === event.key);
        leader.current = -Infinity;
        if (place) { event.preventDefault(); go([place[0]]); return; }
      }
      if (event.key === "/") { const box = document.querySelector("main input[type=search], main .composer textarea"); if (box) { event.preventDefault(); box.focus(); } }
      if (event.key === "?") setFinding(true);
      pressed(event);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const path = route.path.join("/");
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    // Not from a field that the new place has the focus in.
    if (!document.activeElement?.closest("main, dialog")) focusHeading();
  }, [path]);
  const place = route.path[0] ?? "overview";
  const name = places.find(([key]) => key === place)?.[1] ?? "Not found";
  const crumbs = title.place === route.path.join("/") ? title.crumbs : null;
  useEffect(() => { document.title = `${crumbs?.at(-1) ?? name} · letta-swift`; }, [crumbs, name]);
  const signedIn = async () => {
    setAsking(false);
    setSession(await call("GET", "/v1/server/session", { quiet: true }));
    begin();
    for (const go of waiting.current.splice(0)) go();
    if (document.activeElement === document.body) focusHeading();
  };
  const Screen = screen(route) ?? Lost;
  const nav = ([key, label]) => html`<li><a href=${`#/${key}`} aria-current=${key === place ? "page" : undefined}><${Icon} name=${key} />${label}</a></li>`;
  return html`
    <a class="skip" href="#main" onClick=${event => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to content</a>
    <aside class="rail" aria-label="Server"><a class="brand" href="#/overview"><${Icon} name="mark" />letta-swift</a><nav aria-label="Places"><ul>${places.map(nav)}</ul></nav><${Health} session=${session} /></aside>
    <header class="bar"><div class="crumbs">${(crumbs ?? []).slice(0, -1).map(text => html`<a href=${`#/${place}`}>${text}</a><span class="dim" aria-hidden="true">/</span>`)}<h1 class="clip" tabindex="-1"><bdi>${crumbs?.at(-1) ?? name}</bdi></h1></div><span class="grow"></span>
      <button class="find" type="button" aria-label="Find anything" onClick=${() => setFinding(true)}><${Icon} name="search" /><span>Find anything</span><kbd>Ctrl K</kbd></button>
      <${CallsButton} place=${route.path.join("/")} />
      <button class="btn ghost square" type="button" aria-label="Change between light and dark" onClick=${theme}><${Icon} name="theme" /></button></header>
    <${Guard} key=${route.path.slice(0, 2).join("/")}><${Screen} route=${route} id=${route.path[1]} title=${(...crumbs) => setTitle(old => (old.place === route.path.join("/") && String(old.crumbs) === String(crumbs) ? old : { place: route.path.join("/"), crumbs }))} /><//>
    <nav class="tabbar" aria-label="Places on small screens">${places.slice(0, 4).map(([key, label]) => html`<a href=${`#/${key}`} aria-current=${key === place ? "page" : undefined}><${Icon} name=${key} />${label}</a>`)}<button type="button" onClick=${() => setFinding(true)}><${Icon} name="more" />More</button></nav>
    ${finding && html`<${Palette} places=${places} close=${() => setFinding(false)} />`}
    ${asking && html`<${SignIn} done=${signedIn} address=${address} />`}`;
}

try { const kept = localStorage.getItem("theme"); if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept; } catch { /* private windows may refuse it */ }
document.body.classList.add("framed");
keepFocus();
render(html`<${App} />`, document.body);
