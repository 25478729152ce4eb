import Glibc

/// One kept-alive HTTP connection to 127.0.0.1, cheap enough not to be what is measured.
final class Connection {
    private let socket: Int32
    private var buffer: [UInt8] = []

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw BenchmarkFailure("no connection to port \(port): errno \(errno)") }
        var isOn: Int32 = 1
        _ = setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        _ = setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        _ = close(socket)
    }

    func send(_ request: [UInt8]) throws {
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { throw BenchmarkFailure("sending failed: errno \(errno)") }
            sent += count
        }
    }

    /// The body of the next answer, which has to be a success with a `Content-Length`.
    func receive() throws -> ArraySlice<UInt8> {
        buffer.removeAll(keepingCapacity: true)
        var end: Int?
        while true {
            if end == nil, let head = headLength() {
                let text = String(decoding: buffer[..<head], as: UTF8.self).lowercased()
                guard text.hasPrefix("http/1.1 200") else {
                    throw BenchmarkFailure("not 200: \(String(decoding: buffer, as: UTF8.self).prefix(600))")
                }
                guard let field = text.split(separator: "\r\n").first(where: { $0.hasPrefix("content-length:") }),
                    let length = Int(field.dropFirst("content-length:".count).drop { $0 == " " })
                else { throw BenchmarkFailure("no Content-Length: \(text)") }
                end = head + length
            }
            if let end, buffer.count >= end { return buffer[(headLength() ?? 0)..<end] }
            try read()
        }
    }

    private func read() throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { bytes in
            let count = recv(socket, bytes.baseAddress, bytes.count, 0)
            if count > 0 { buffer.append(contentsOf: bytes.prefix(count)) }
            return count
        }
        guard count > 0 else { throw BenchmarkFailure("the connection broke: errno \(errno)") }
    }

    /// The length of the head with the empty line that ends it; nil while that has not come.
    private func headLength() -> Int? {
        guard buffer.count >= 4 else { return nil }
        let ending: [UInt8] = [13, 10, 13, 10]
        for start in 0...(min(buffer.count, 4096) - 4) where buffer[start] == 13 {
            if buffer[start..<(start + 4)].elementsEqual(ending) { return start + 4 }
        }
        return nil
    }
}
