# The first process of a box that is kept warm: it has loaded what calls need and forks for each of them.
# It reads nothing that concerns a call. Over the socket that is its stdin it gets descriptors for a call (where the request is to be read,
# where the report is written to, and where the call joins its control group) and passes them on to a child that waits for this one call in
# namespaces of its own, in which it is the first process, with an empty /tmp; with it ends everything that the call started. The next child is
# made meanwhile: most of the time goes into its network.
import fcntl
import gc
import socket
import struct

import asyncio, base64, bisect, calendar, collections, concurrent.futures, contextlib, copy, csv, datetime, decimal, enum, functools  # noqa
import hashlib, heapq, hmac, html, inspect, io, itertools, math, operator, pathlib, random, re, statistics, string, subprocess  # noqa
import tempfile, textwrap, threading, typing, unicodedata, urllib.parse, urllib.request, uuid, zoneinfo  # noqa

NEW_MOUNTS, NEW_CGROUP, NEW_NAMES, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = (
    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
PR_CAPBSET_DROP = 24
# Capabilities that a kernel may have.
CAPABILITIES = 64


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter_namespaces():
    """Everything of its own but the read-only folders, and still the same unprivileged user."""
    user, group = os.getuid(), os.getgid()
    # Otherwise its own files in /proc belong to root.
    kernel.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    kinds = NEW_USER | NEW_PROCESSES | NEW_MOUNTS | NEW_IPC | NEW_NETWORK | NEW_NAMES | NEW_CGROUP
    check(kernel.unshare(kinds), "no namespaces in the sandbox")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def mount(kind, place, flags, options=None):
    check(kernel.mount(kind, place, kind, flags, options), f"can't mount {place.decode()}")


def furnish(folder_size):
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    mount(b"tmpfs", b"/tmp", NO_SETUID | NO_DEVICES, f"size={folder_size},nr_inodes={2 * INODES}".encode())
    if os.path.exists("/run/letta"):
        mount(b"tmpfs", b"/run/letta", READ_ONLY | NO_SETUID | NO_DEVICES | NO_PROGRAMS, b"size=4096")
    mount(b"tmpfs", b"/dev/shm", NO_SETUID | NO_DEVICES, f"size={16 << 20},nr_inodes={2 * INODES}".encode())
    # Read-only, so that nothing inside can lower its oom_score_adj again.
    mount(b"proc", b"/proc", READ_ONLY | NO_SETUID | NO_DEVICES | NO_PROGRAMS)
    os.chdir("/tmp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up and running


def drop_rights():
    for capability in range(CAPABILITIES):
        kernel.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)
    check(kernel.capset(header, none), "can't drop the rights")


class Spare:
    """A child in namespaces of its own that waits for its call."""

    def __init__(self, folder_size):
        self.calls, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = os.fork()
        if self.process == 0:
            keep_only(its.fileno())
            try:
                wait_for_call(its, folder_size)
            except BaseException as error:
                refuse(its, f"!{type(error).__name__}: {error}")
            finally:
                os._exit(0)
        its.close()

    def take(self, descriptors):
        """Whether it was still there."""
        try:
            socket.send_fds(self.calls, [b"c"], descriptors)
        except OSError:
            return False
        finally:
            self.calls.close()
        return True


def wait_for_call(calls, folder_size):
    enter_namespaces()
    first = os.fork()
    if first:
        calls.close()
        kernel.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        os.waitpid(first, 0)
        os._exit(0)
    kernel.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    furnish(folder_size)
    drop_rights()
    kernel.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    _, descriptors, _, _ = socket.recv_fds(calls, 1, 4)
    if not descriptors:
        return
    request, report, *others = descriptors
    os.dup2(request, 0)
    os.dup2(report, 1)
    for descriptor in (request, report, calls.detach()):
        os.close(descriptor)
    asked = json.loads(os.pread(0, os.fstat(0).st_size, 0))
    if needs_helper(asked):
        open_doors(socket.socket(fileno=os.dup(others.pop())), asked)
    if others:
        os.write(others[0], b"0")
        os.close(others[0])
    supervise(asked, 1)


def refuse(calls, reason):
    """The server reads the reason in place of the line that a call starts with."""
    _, descriptors, _, _ = socket.recv_fds(calls, 1, 4)
    if descriptors:
        os.write(descriptors[1], reason.encode())


def keep_only(descriptor):
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 256)


def needs_helper(asked):
    return bool(asked.get("api") or asked.get("network"))


def helper_of(request):
    """Starts what stands between a call and the network, and returns its process and the descriptor for the call."""
    door, its = socket.socketpair()
    process = os.fork()
    if process == 0:
        try:
            asked = json.loads(os.pread(request, os.fstat(request).st_size, 0))
            nothing = os.open("/dev/null", os.O_RDWR)
            for descriptor in range(3):
                os.dup2(nothing, descriptor)
            # The end of the report must not wait for it.
            keep_only(its.fileno())
            forward(its, asked)
        finally:
            os._exit(0)
    its.close()
    return process, door.detach()


def bury(children, options=os.WNOHANG):
    while children or options:
        try:
            ended, _ = os.waitpid(-1, options)
        except ChildProcessError:
            return
        if ended == 0:
            return
        children.discard(ended)


def main():
    idle_limit, folder_size = float(sys.argv[1]), int(sys.argv[2])
    kernel.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    calls = socket.socket(fileno=os.dup(0))
    os.dup2(os.open("/dev/null", os.O_RDWR), 0)
    poll = select.poll()
    poll.register(calls, select.POLLIN)
    gc.collect()
    gc.freeze()
    children, idle_since, spare = set(), time.monotonic(), Spare(folder_size)
    while True:
        ready = poll.poll(1000 * min(1, idle_limit))
        bury(children)
        if not ready:
            if children:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > idle_limit:
                return
            continue
        said, descriptors, _, _ = socket.recv_fds(calls, 1, 3)
        if not said:
            # Nobody calls any more. Calls whose reports are still read may end.
            while children:
                bury(children, 0)
            return
        if said == b"h":
            process, door = helper_of(descriptors[0])
            children.add(process)
            descriptors.append(door)
        # One that was killed is replaced. Whoever calls sees the end of the report otherwise.
        for _ in range(2):
            is_taken = spare.take(descriptors)
            children.add(spare.process)
            spare = Spare(folder_size)
            if is_taken:
                break
        for descriptor in descriptors:
            os.close(descriptor)
        idle_since = time.monotonic()


kernel = ctypes.CDLL(None, use_errno=True)
main()
