/// This server was silent for so long that another one has taken over what it held. Nothing that it writes is stored any
/// more.
struct FencedServer: Error, CustomStringConvertible {
    var description: String {
        "This server was silent for too long, and another one has taken over its turns. It ends, so that it can start anew."
    }
}
