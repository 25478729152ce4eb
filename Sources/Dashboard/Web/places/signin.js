// Asks for the password over whatever is shown, so that nothing typed is lost.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { call } from "../api.js";
import { Icon, Problem } from "../parts/ui.js";

export function SignIn({ done, address }) {
  const [password, setPassword] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const node = useRef(null);
  useEffect(() => { const dialog = node.current; if (!dialog.open) dialog.showModal(); return () => dialog.close(); }, []);
  const submit = async event => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await call("POST", "/v1/server/session", { body: { password }, isSignIn: true, quiet: true });
      await done();
    } catch (problem) {
      setError(problem.status === 401 ? Object.assign(problem, { message: "That is not the password of this server.", status: 0, request: null }) : problem);
    }
    setBusy(false);
  };
  return html`<dialog class="signin" aria-label="Sign in" ref=${node} onCancel=${event => event.preventDefault()}>
    <form class="stack pad" onSubmit=${submit}><div class="brand"><${Icon} name="mark" />letta-swift</div>
      <p class="small mid">The server at <bdi>${address}</bdi> asks for its password: <code>LETTA_SERVER_PASSWORD</code>, or what <code>serve --password-file</code> names.</p>
      <label class="field"><span class="label">Password</span><input class="input" type="password" autocomplete="current-password" autofocus value=${password} onInput=${event => setPassword(event.target.value)} /></label>
      <${Problem} error=${error} />
      <button class="btn primary" type="submit" disabled=${busy || !password}>Sign in</button>
      <p class="xs dim">You stay signed in for 12 hours after the last use, in this browser alone.</p></form></dialog>`;
}
