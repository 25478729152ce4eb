import JSON

extension ProviderFailure {
    /// The failure that an error event in a stream describes; its code is a status where it is a number.
    static func openAI(event error: JSONValue) -> ProviderFailure {
        let status = error["code"]?.int.flatMap { (400...599).contains($0) ? Int($0) : nil } ?? 500
        return ProviderFailure(event: error, status: status)
    }
}
