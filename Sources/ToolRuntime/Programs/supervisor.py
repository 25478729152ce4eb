# The first process of a sandbox. It runs work(request) in a child, watches it, kills whatever is left of it and writes an empty line
# when the child starts and then one object:
#   answer    what work() returned, as text that holds JSON; null when it did not get so far
#   end       why it ended: "done", "time", "memory", "output", or a text that continues a sentence about the child
#   stdout, stderr    what the child and its own children printed
# Filter, Landlock and work() stand before this text in the same program.
# Without namespaces (the request has a "folder" then) this process is one among the system's, and the call's processes are those that
# descend from it.
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time


PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
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
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for descriptor in os.listdir("/proc/self/fd"):
        if int(descriptor) > 2 and int(descriptor) != answer:
            try:
                os.close(int(descriptor))
            except OSError:
                pass  # the one that the listing itself had
    limit(request["limits"], request.get("folder"))
    wall_in(request)
    refused.install(libc)
    own = os.getpid()
    # Before the work, which may change the module.
    encode = json.dumps
    answered = work(request)
    try:
        text = encode(answered, ensure_ascii=False, allow_nan=False)
    except MemoryError:
        text = '{"error": "MemoryError: the result does not fit into memory"}'
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


def limit(limits, folder):
    os.nice(10)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_AS, limits.get("addresses", limits["memory"]))
    lower(resource.RLIMIT_FSIZE, limits["file"])
    lower(resource.RLIMIT_NOFILE, limits["descriptors"])
    # Counted in this namespace alone, as it is set here and not outside. Without a namespace it counts all of the user.
    lower(resource.RLIMIT_NPROC, limits["processes"] + (threads_of_user() if folder else 0))


def wall_in(request):
    folder = request.get("folder")
    if folder is None:
        Landlock(libc).restrict(["/"], writable_mounts(), refuses_tcp=False)
        return
    os.chdir(folder)
    os.environ.update(HOME=folder, TMPDIR=folder)
    if request["walls"] == "landlock":
        devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]
        system = ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/ssl", *filter(None, [request.get("packages"), request.get("node")])]
        Landlock(libc).restrict(system, [folder, *devices], refuses_tcp=True)


def threads_of_user():
    own, count = os.getuid(), 0
    for process in every_process():
        try:
            if os.stat(f"/proc/{process}").st_uid == own:
                count += int(fields_of(process)[17])
        except OSError:
            pass  # it ended meanwhile
    return count


def every_process():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def fields_of(process):
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()


def processes():
    """All processes of the call but this one."""
    if os.getpid() == 1:
        return [process for process in every_process() if process != 1]
    parents, found, newest = {}, [], {os.getpid()}
    for process in every_process():
        try:
            parents[process] = int(fields_of(process)[1])
        except OSError:
            pass  # it ended meanwhile
    while newest:
        newest = {process for process, parent in parents.items() if parent in newest}
        found += newest
    return found


def end_all():
    """Kills all processes of the call."""
    if os.getpid() == 1:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return
    # What is stopped starts nothing while the others are looked for; what loses its parent becomes a child of this process.
    for kind in (signal.SIGSTOP, signal.SIGKILL):
        seen = set()
        while new := set(processes()) - seen:
            seen |= new
            for process in new:
                try:
                    os.kill(process, kind)
                except ProcessLookupError:
                    pass
    try:
        while os.waitpid(-1, 0)[0]:
            pass
    except ChildProcessError:
        pass


def memory_in_use():
    pages = 0
    for process in processes():
        try:
            with open(f"/proc/{process}/statm") as file:
                pages += int(file.read().split()[1])
        except (OSError, IndexError, ValueError):
            pass  # it ended meanwhile
    return pages * resource.getpagesize()


def in_folder(folder):
    """The files of a folder on the disk and their size."""
    count, size = 0, 0
    for place, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        for name in files:
            try:
                size += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                pass  # it was removed meanwhile
        if count > INODES:
            break
    return count, size


def excess(request):
    """What the call has too much of; nil while there is nothing."""
    folder, limits = request.get("folder"), request["limits"]
    if memory_in_use() > limits["memory"]:
        return "memory"
    if folder:
        inodes, size = in_folder(folder)
        if size > limits["folder"]:
            return f"it wrote more than {limits['folder'] >> 20} MB of temporary files"
    else:
        folders = [os.statvfs(place) for place in ("/tmp", "/dev/shm")]
        inodes = sum(place.f_files - place.f_ffree for place in folders)
        with open("/proc/1/net/sockstat") as file:
            if int(file.readline().split()[2]) > SOCKETS:
                return f"it opened more than {SOCKETS} sockets"
    return f"it made more than {INODES} files and folders" if inodes > INODES else None


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


def watch(child, streams, request, report):
    process = os.pidfd_open(child)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(report, 0)  # tells when nobody reads it any more
    for descriptor in streams:
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + request["limits"]["seconds"]
    next_count = time.monotonic() + 0.05
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return "time"
        for descriptor, _ in poll.poll(min(left, 0.1) * 1000):
            if descriptor == report:
                return "it was cancelled"
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
        if time.monotonic() >= next_count:
            if reason := excess(request):
                return reason
            next_count = time.monotonic() + 0.1


def supervise(request, report):
    limits = request["limits"]
    refused = Filter(os.uname().machine, is_alone="folder" in request and request["walls"] == "landlock")
    if "folder" in request:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    pipes = [os.pipe() for _ in range(3)]
    # Whoever gets this and no report knows that the child brought this process down.
    os.write(report, b"\n")
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
    try:
        end = watch(child, {stream.descriptor: stream for stream in streams}, request, report)
    finally:
        end_all()
    for stream in streams:
        stream.drain()
    answer, stdout, stderr = streams
    if answer.size > answer.limit:
        end = "output"
    whole = end == "done" and answer.size > 0
    said = {"answer": answer.kept.decode("utf-8", "replace") if whole else None, "end": end,
            "stdout": stdout.text, "stderr": stderr.text}
    data = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
    while data:
        data = data[os.write(report, data):]
