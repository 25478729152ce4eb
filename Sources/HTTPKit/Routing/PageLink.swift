package import HTTPTypes

/// The `Link` header that points to the next page of a list.
package enum PageLink {
    /// No header when `cursor` is nil.
    ///
    /// - Parameter target: the request's path and query; all parameters but the cursors are kept.
    package static func headers(target: String, after cursor: String?) -> HTTPFields {
        guard let cursor else { return [:] }
        return [.link: "<\(next(target, after: cursor))>; rel=\"next\""]
    }

    private static func next(_ target: String, after cursor: String) -> String {
        let sides = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let kept = (sides.count > 1 ? sides[1] : "").split(separator: "&").filter { pair in
            let name = pair.prefix { $0 != "=" }
            return name != "after" && name != "before"
        }
        let query = kept.map(String.init) + ["after=\(PercentCoding.encode(cursor))"]
        return "\(sides[0])?\(query.joined(separator: "&"))"
    }
}
