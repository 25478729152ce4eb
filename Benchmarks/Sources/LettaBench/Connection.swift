import Glibc

/// One kept-alive HTTP connection to 127.0.0.1, cheap enough not to be what is measured.
final class Connection {
    let socket: Int32
    private var buffer: [UInt8] = []

    /// - Parameter receiveBuffer: how many bytes the kernel keeps for a reader that does not read; nil for the usual.
    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBuffer {
            _ = setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = SocketAddress.loopback(port: port)
        let status = SocketAddress.with(&address) { connect(socket, $0, $1) }
        guard status == 0 else { throw BenchmarkFailure("no connection to port \(port): errno \(errno)") }
        Self.sendAtOnce(socket)
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        _ = setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        _ = close(socket)
    }

    static func sendAtOnce(_ socket: Int32) {
        var isOn: Int32 = 1
        _ = setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends the next request, once the answer before was received.
    func send(_ request: [UInt8]) throws {
        buffer.removeAll(keepingCapacity: true)
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchmarkFailure("sending failed: errno \(errno)") }
            sent += count
        }
    }

    /// The body of the next answer, which has to be a success with a `Content-Length`.
    func receive() throws -> ArraySlice<UInt8> {
        while true {
            if let body = try advance() { return body }
        }
    }

    /// Reads once, and gives the body when it is complete.
    func advance() throws -> ArraySlice<UInt8>? {
        try read()
        guard let head = HTTPHead(buffer) else { return nil }
        guard head.isSuccess else {
            throw BenchmarkFailure("not 200: \(String(decoding: buffer, as: UTF8.self).prefix(600))")
        }
        let end = head.length + head.bodyLength
        return buffer.count >= end ? buffer[head.length..<end] : nil
    }

    /// Reads until what came since the request holds `text`.
    func receive(until text: [UInt8]) throws {
        var searched = 0
        while !buffer[searched...].holds(text) {
            searched = max(0, buffer.count - text.count + 1)
            try read()
        }
    }

    /// Whether what came since the request holds `text`.
    func holds(_ text: [UInt8]) -> Bool {
        buffer[...].holds(text)
    }

    /// How many bytes came since the request.
    var received: Int { buffer.count }

    private func read() throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { bytes in
            let count = recv(socket, bytes.baseAddress, bytes.count, 0)
            if count > 0 { buffer.append(contentsOf: bytes.prefix(count)) }
            return count
        }
        guard count > 0 else {
            let text = String(decoding: buffer.suffix(600), as: UTF8.self)
            throw BenchmarkFailure("the connection broke: errno \(errno) after \(buffer.count) bytes: \(text)")
        }
    }
}

/// What the head of a request or an answer says that matters here.
struct HTTPHead {
    /// With the empty line that ends it.
    let length: Int
    /// 0 when the head does not tell.
    let bodyLength: Int
    let isSuccess: Bool

    private static let ending: [UInt8] = [13, 10, 13, 10]

    /// nil while the head is not complete.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4,
            let start = (0...(min(bytes.count, 4096) - 4)).first(where: { start in
                bytes[start] == 13 && bytes[start..<(start + 4)].elementsEqual(Self.ending)
            })
        else { return nil }
        length = start + 4
        let text = String(decoding: bytes[..<length], as: UTF8.self).lowercased()
        isSuccess = text.hasPrefix("http/1.1 200")
        let field = text.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        bodyLength = field.flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) } ?? 0
    }
}

extension ArraySlice<UInt8> {
    /// Whether the text stands somewhere in the bytes.
    func holds(_ text: [UInt8]) -> Bool {
        guard let first = text.first else { return true }
        return withUnsafeBytes { bytes in
            var place = 0
            while let start = bytes.baseAddress, bytes.count - place >= text.count,
                let found = memchr(start + place, Int32(first), bytes.count - place - text.count + 1)
            {
                if memcmp(found, text, text.count) == 0 { return true }
                place = start.distance(to: found) + 1
            }
            return false
        }
    }
}

/// Addresses on this machine, in the C library's form.
enum SocketAddress {
    static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    static func with<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// The port that the kernel gave a socket.
    static func port(of socket: Int32) throws -> UInt16 {
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard with(&address, { pointer, _ in getsockname(socket, pointer, &length) }) == 0 else {
            throw BenchmarkFailure("a socket has no port: errno \(errno)")
        }
        return UInt16(bigEndian: address.sin_port)
    }
}
