# What a call may reach: the server's own API over a Unix socket, and the hosts that the operator allows over a proxy for HTTP. A process of
# its own, outside of the call's namespaces, accepts connections on sockets that the call's first process made inside of them: the call
# itself has no network.
import ipaddress
import select
import socket
import threading

API_SOCKET, API_PORT, PROXY_PORT = "/run/letta/api", 8283, 3128
LONGEST_HEAD = 65536
HEAD_SECONDS, CONNECT_SECONDS = 30, 20
CONNECTIONS = threading.BoundedSemaphore(32)
# Where clouds tell secrets of the machine: never reached, whatever the operator allows.
OF_CLOUDS = {ipaddress.ip_address(text) for text in ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")}
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    pass


def open_doors(door, asked):
    """In the first process of a call: makes the listeners and hands them over."""
    kinds, listeners = "", []
    for kind, port in (("api", API_PORT), ("network", PROXY_PORT)):
        if asked.get(kind):
            kinds += kind[0]
            listeners.append(socket.create_server(("127.0.0.1", port)))
    socket.send_fds(door, [kinds.encode()], [listener.fileno() for listener in listeners])


def forward(door, asked):
    """Serves a call until it ends."""
    kinds, descriptors, _, _ = socket.recv_fds(door, 2, 2)
    for kind, descriptor in zip(kinds.decode(), descriptors):
        serve = serve_api if kind == "a" else lambda connection: serve_proxy(connection, asked["network"], asked["private"])
        threading.Thread(target=accept_all, args=(socket.socket(fileno=descriptor), serve), daemon=True).start()
    door.recv(1)


def accept_all(listener, serve):
    while True:
        connection, _ = listener.accept()
        if CONNECTIONS.acquire(blocking=False):
            threading.Thread(target=serve_one, args=(connection, serve), daemon=True).start()
        else:
            connection.close()


def serve_one(connection, serve):
    try:
        with connection:
            serve(connection)
    except OSError:
        pass  # whoever is at the other end sees it
    finally:
        CONNECTIONS.release()


def serve_api(connection):
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(API_SOCKET)
        join(connection, server)


def join(one, other):
    """Passes on what both say until both have ended."""
    open_ends = {one: other, other: one}
    while open_ends:
        for end in select.select(list(open_ends), [], [])[0]:
            data = end.recv(65536)
            if data:
                (other if end is one else one).sendall(data)
            else:
                open_ends.pop(end).shutdown(socket.SHUT_WR)


def serve_proxy(connection, hosts, private):
    connection.settimeout(HEAD_SECONDS)
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece or len(head) > LONGEST_HEAD:
            return
        head += piece
    head, _, rest = head.partition(b"\r\n\r\n")
    try:
        method, host, port, lines = request_of(head.decode("latin-1"))
        server = connected(host, port, hosts, private)
    except (Refused, ValueError) as refusal:
        # Many programs show the line alone.
        text = "".join(letter if letter.isprintable() else "?" for letter in str(refusal)).encode("ascii", "replace")
        connection.sendall(b"HTTP/1.1 403 %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (text, len(text), text))
        return
    with server:
        connection.settimeout(None)
        if method == "CONNECT":
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            server.sendall(rest)
        else:
            server.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + rest)
        join(connection, server)


def request_of(head):
    """The method, the host and port, and the lines to pass on."""
    first, *fields = head.split("\r\n")
    method, target, version = first.split(" ")
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return method, host.strip("[]"), int(port), []
    if not target.startswith("http://"):
        raise Refused("This proxy takes CONNECT and http:// addresses.")
    authority, slash, path = target[len("http://"):].partition("/")
    host, colon, port = authority.rpartition(":") if not authority.endswith("]") and ":" in authority else (authority, "", "")
    kept = [field for field in fields if not field.lower().startswith(("proxy-", "connection:"))]
    return method, host.strip("[]"), int(port or 80), [f"{method} /{path} {version}", *kept, "Connection: close"]


def connected(host, port, hosts, private):
    name = host.lower().rstrip(".")
    if not any(matches(name, pattern) for pattern in hosts):
        raise Refused(f"The operator of this server does not let tools reach {name}. Ask for it in LETTA_TOOL_NETWORK.")
    may_be_private = any(matches(name, pattern) for pattern in private)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Refused(f"{name} has no address: {error}")
    for family, kind, protocol, _, address in found:
        if not is_reachable(address[0], may_be_private):
            raise Refused(f"{name} has the private address {address[0]}, which tools don't reach.")
    for family, kind, protocol, _, address in found:
        server = socket.socket(family, kind, protocol)
        server.settimeout(CONNECT_SECONDS)
        try:
            server.connect(address)
        except OSError as error:
            server.close()
            failure = error
            continue
        server.settimeout(None)
        return server
    raise Refused(f"{name} can't be reached: {failure}")


def matches(name, pattern):
    return pattern == "*" or name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def is_reachable(text, may_be_private):
    address = ipaddress.ip_address(text.partition("%")[0])
    if address.version == 6:
        inner = address.ipv4_mapped or address.sixtofour
        if address in TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    if address in OF_CLOUDS or address.is_link_local:
        return False
    return may_be_private or (address.is_global and not address.is_multicast)
