# The first process of a sandbox. It reads one request from stdin, does work(request) in a child, watches it, ends whatever is
# left of it and writes one answer to stdout:
#   answer    what work() returned, as text that holds JSON; null when it did not get so far
#   end       why it ended: "done", "time", "memory", "output", or words that say how the child died
#   stdout, stderr    what the child and its own children printed
# work() stands before this text in the same program.
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time


PR_SET_DUMPABLE = 4
libc = ctypes.CDLL(None)


def lower(kind, value):
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def do_work(request, answer, stdout, stderr):
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    os.setsid()
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for descriptor in os.listdir("/proc/self/fd"):
        if int(descriptor) > 2 and int(descriptor) != answer:
            try:
                os.close(int(descriptor))
            except OSError:
                pass  # the one that the listing itself had
    limits = request["limits"]
    os.nice(10)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_AS, limits["memory"])
    lower(resource.RLIMIT_FSIZE, limits["file"])
    lower(resource.RLIMIT_NOFILE, limits["descriptors"])
    # Counted in this namespace alone, as it is set here and not outside.
    lower(resource.RLIMIT_NPROC, limits["processes"])
    own = os.getpid()
    text = json.dumps(work(request), ensure_ascii=False, allow_nan=False)
    if os.getpid() != own:
        os._exit(0)  # a copy that the tool made of us and let return
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    data = text.encode("utf-8", "replace")
    while data:
        data = data[os.write(answer, data):]
    os._exit(0)


def memory_in_use():
    pages = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            try:
                with open(f"/proc/{name}/statm") as file:
                    pages += int(file.read().split()[1])
            except (OSError, IndexError, ValueError):
                pass  # it ended meanwhile
    return pages * resource.getpagesize()


class Stream:
    """One pipe of the child: its beginning is kept, what goes beyond the limit is thrown away."""

    def __init__(self, descriptor, limit):
        os.set_blocking(descriptor, False)
        self.descriptor, self.limit = descriptor, limit
        self.kept, self.size = bytearray(), 0

    def read(self):
        """Whether the pipe is still open."""
        try:
            data = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return True
        self.size += len(data)
        self.kept += data[: max(0, self.limit - len(self.kept))]
        return bool(data)

    def drain(self):
        while True:
            before = self.size
            if not self.read() or self.size == before:
                return

    @property
    def text(self):
        note = f"\n[{self.size - self.limit} more bytes were not kept]\n" if self.size > self.limit else ""
        return self.kept.decode("utf-8", "replace") + note


def watch(child, streams, limits):
    process = os.pidfd_open(child)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    for descriptor in streams:
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + limits["seconds"]
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return "time"
        for descriptor, _ in poll.poll(min(left, 0.1) * 1000):
            if descriptor in streams and not streams[descriptor].read():
                poll.unregister(descriptor)
        # The first process of a namespace buries the others too.
        while True:
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return "it vanished"
            if ended == 0:
                break
            if ended == child:
                if os.WIFSIGNALED(status):
                    return f"it was killed by {signal.Signals(os.WTERMSIG(status)).name}"
                code = os.WEXITSTATUS(status)
                return "done" if code == 0 else f"it exited with status {code}"
        if memory_in_use() > limits["memory"]:
            return "memory"


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Nobody may attach to this process, stop it or read its memory.
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    request = json.loads(sys.stdin.buffer.read())
    limits = request["limits"]
    pipes = [os.pipe() for _ in range(3)]
    child = os.fork()
    if child == 0:
        try:
            do_work(request, *(end for _, end in pipes))
        finally:
            os._exit(1)
    for _, end in pipes:
        os.close(end)
    sizes = (limits["answer"], limits["output"], limits["output"])
    streams = [Stream(start, size) for (start, _), size in zip(pipes, sizes)]
    end = watch(child, {stream.descriptor: stream for stream in streams}, limits)
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for stream in streams:
        stream.drain()
    answer, stdout, stderr = streams
    if answer.size > answer.limit:
        end = "output"
    whole = end == "done" and answer.size > 0
    said = {"answer": answer.kept.decode("utf-8", "replace") if whole else None, "end": end,
            "stdout": stdout.text, "stderr": stderr.text}
    sys.stdout.buffer.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


main()
