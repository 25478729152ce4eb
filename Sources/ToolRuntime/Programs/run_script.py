# Runs JavaScript and TypeScript with node, in a process of its own that finds the request on its stdin and writes its answer to a pipe.
import subprocess


def run_script(request):
    """The answer of the script; `node` names the program, `runner` is what it starts with."""
    result, answer = os.pipe()
    # Memory is counted as what is in use; what WebAssembly and V8 only reserve does not matter.
    command = [request["node"], "--no-warnings", "--max-old-space-size=1024", "--disable-wasm-trap-handler", "--input-type=module",
               "--eval", request["runner"], str(answer)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(answer,))
    os.close(answer)
    asked = {name: request[name] for name in ("source", "name", "arguments", "language", "is_program")}
    try:
        process.stdin.write(json.dumps(asked).encode("utf-8", "replace"))
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended; its status says why
    with open(result, "rb") as file:
        said = file.read()
    status = process.wait()
    try:
        return json.loads(said)
    except ValueError:
        return {"error": f"RuntimeError: node ended with status {status} and without a result"}
