# The first process of a sandbox. It reads one request from stdin, runs work(request) in a child, watches it, kills whatever is left
# of it and writes to stdout an empty line when the child starts and then one object:
#   answer    what work() returned, as text that holds JSON; null when it did not get so far
#   end       why it ended: "done", "time", "memory", "output", or a text that continues a sentence about the child
#   stdout, stderr    what the child and its own children printed
# Filter and work() stand before this text in the same program.
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time


PR_SET_DUMPABLE = 4
# Kernel memory that no process maps: an inode of a tmpfs takes about 1 KiB, the buffers of a socket up to 416 KiB.
INODES = 32768
SOCKETS = 1024
libc = ctypes.CDLL(None)


def lower(kind, value):
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def do_work(request, answer, stdout, stderr, refused):
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
    refused.install(libc)
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


def kernel_objects():
    """Inodes in temporary folders, and sockets."""
    folders = [os.statvfs(folder) for folder in ("/tmp", "/dev/shm")]
    with open("/proc/1/net/sockstat") as file:
        sockets = int(file.readline().split()[2])
    return sum(folder.f_files - folder.f_ffree for folder in folders), sockets


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


def death(status):
    if not os.WIFSIGNALED(status):
        return f"it exited with status {os.WEXITSTATUS(status)}"
    name = signal.Signals(os.WTERMSIG(status)).name
    # Nobody else sends this signal: the tool itself, or the kernel.
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"it was killed by {name}{hint}"


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
                return "done" if status == 0 else death(status)
        if memory_in_use() > limits["memory"]:
            return "memory"
        inodes, sockets = kernel_objects()
        if inodes > INODES:
            return f"it made more than {INODES} files and folders"
        if sockets > SOCKETS:
            return f"it opened more than {SOCKETS} sockets"


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Nobody may attach to this process, stop it or read its memory.
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    request = json.loads(sys.stdin.buffer.read())
    limits = request["limits"]
    refused = Filter(os.uname().machine)
    pipes = [os.pipe() for _ in range(3)]
    # Whoever gets this and no report knows that the child brought this process down.
    os.write(1, b"\n")
    child = os.fork()
    if child == 0:
        try:
            do_work(request, *(end for _, end in pipes), refused)
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
