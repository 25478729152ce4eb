package import HTTPTypes

/// The `Link` header that points to the next page of a list.
package enum PageLink {
    /// No header when `cursor` is nil.
    ///
    /// - Parameter target: the request's path and query; all parameters but the cursors are kept.
    /// - Parameter parameter: the query parameter that takes the cursor.
    package static func headers(target: String, after cursor: String?, as parameter: String = "after") -> HTTPFields {
        guard let cursor else { return [:] }
        return [.link: "<\(next(target, after: cursor, as: parameter))>; rel=\"next\""]
    }

    private static func next(_ target: String, after cursor: String, as parameter: String) -> String {
        let sides = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let kept = (sides.count > 1 ? sides[1] : "").split(separator: "&").filter { pair in
            let name = pair.prefix { $0 != "=" }
            return name != parameter && name != "before"
        }
        let query = kept.map(String.init) + ["\(parameter)=\(PercentCoding.encode(cursor))"]
        return "\(sides[0])?\(query.joined(separator: "&"))"
    }
}
