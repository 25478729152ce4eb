extension Escape {
    /// Reaching others.
    static let networks: [Escape] = [
        Escape("the server", "return socket.create_connection(('127.0.0.1', PORT), 2)"),
        Escape("a model server beside it", "return socket.create_connection(('localhost', PORT), 2)"),
        Escape("the server over IPv6", "return socket.create_connection(('::1', PORT), 2)"),
        Escape("the server as any address", "return socket.create_connection(('0.0.0.0', PORT), 2)"),
        Escape("the cloud's metadata", "return socket.create_connection(('169.254.169.254', 80), 2)"),
        Escape("the internet", "return socket.create_connection(('1.1.1.1', 53), 2)"),
        Escape("datagrams", "return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('1.1.1.1', 53))"),
        Escape("names", "return socket.gethostbyname('example.org')"),
        Escape(
            "a web page", fails: ["URLError"],
            "import urllib.request; return urllib.request.urlopen('http://example.org', timeout=2)"),
        Escape("packets of its own making", "return socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)"),
        Escape("all packets", "return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"),
        Escape("the kernel's messages", "return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"),
        Escape("the host of a virtual machine", "return socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)"),
        Escape(
            "an abstract socket",
            "s = socket.socket(socket.AF_UNIX); s.connect('\\0' + ABSTRACT); return 'connected'"),
        Escape(
            "a socket in a folder of the host",
            "s = socket.socket(socket.AF_UNIX); s.connect(SOCKET); return 'connected'"),
        Escape(
            "a listener for everybody", in: [.landlock],
            "return socket.create_server(('0.0.0.0', 0))"),
    ]

    /// Touching other processes.
    static let processes: [Escape] = [
        Escape("killing a process of the same user", "os.kill(VICTIM, 9); return 'killed'"),
        Escape("stopping a process of the same user", "os.kill(VICTIM, 19); return 'stopped'"),
        Escape("killing the process that watches", "os.kill(os.getppid(), 9); return 'killed'"),
        Escape("killing a group of processes", "os.killpg(VICTIM, 9); return 'killed'"),
        Escape(
            "killing everybody",
            """
            try:
                os.kill(-1, 9)
            except ProcessLookupError:
                pass
            raise PermissionError('nobody else was hit, as the test sees')
            """),
        Escape("tracing the parent", "return call('ptrace', 16, os.getppid(), 0, 0)"),
        Escape("tracing a process of the same user", "return call('ptrace', 16, VICTIM, 0, 0)"),
        Escape("reading a process's memory", "return call('process_vm_readv', VICTIM, 0, 0, 0, 0, 0)"),
        Escape("taking a process's descriptor", "return call('pidfd_getfd', os.pidfd_open(os.getppid()), 0, 0)"),
        Escape("limits of the parent", "return resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))"),
        Escape("priority of the parent", "return os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)"),
        Escape("priority of everybody", "return os.setpriority(os.PRIO_USER, 0, 19)"),
        Escape("processors of the parent", "return os.sched_setaffinity(os.getppid(), {0})"),
        Escape("input of a terminal", "import fcntl, termios; return fcntl.ioctl(0, termios.TIOCSTI, b'x')"),
    ]

    /// System calls that open new ways.
    static let kernel: [Escape] = [
        Escape("a namespace of users", "return call('unshare', 0x10000000)"),
        Escape("a namespace of mounts", "return call('unshare', 0x20000)"),
        Escape("a process in a namespace", "return call('clone', 0x10000000 | 17, 0, 0, 0, 0)"),
        Escape("another's namespace", "return call('setns', os.open('.', 0), 0)"),
        Escape("a mount", "return call('mount', b'x', b'.', b'tmpfs', 0, 0)"),
        Escape("taking a mount away", "return call('umount2', b'/usr', 2)"),
        Escape("another root folder", "return call('chroot', b'.')"),
        Escape("io_uring", "return call('io_uring_setup', 8, 0)"),
        Escape("a key for the session", "return call('add_key', b'user', b'a', b'b', 1, -3)"),
        Escape("the keys of the session", "return call('keyctl', 0, -3, 0)"),
        Escape("a program for the kernel", "return call('bpf', 0, 0, 0)"),
        Escape("counters of the processor", "return call('perf_event_open', 0, 0, -1, -1, 0)"),
        Escape("faults in user space", "return call('userfaultfd', 0)"),
        Escape("memory of no process", "return call('memfd_create', b'x', 0)"),
        Escape("System V memory", "return call('shmget', 0, 4096, 0o1600)"),
        Escape("another kernel", "return call('kexec_load', 0, 0, 0, 0)"),
        Escape("a kernel module", "return call('init_module', 0, 0, b'')"),
        Escape("another machine name", "return call('sethostname', b'x', 1)"),
        Escape("another time", "return call('clock_settime', 0, 0)"),
        Escape("the kernel's log", "return call('syslog', 3, 0, 0)"),
        Escape("a restart of the machine", "return call('reboot', 0, 0, 0, 0)"),
        Escape(
            "calls of another architecture", fails: ["it was killed by SIGSYS"], in: [.namespaces],
            """
            return ctypes.CDLL(None).syscall(0x40000000 + 39) if os.uname().machine == 'x86_64' else os.kill(os.getpid(), 31)
            """),
    ]
}
