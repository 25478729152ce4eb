package import HTTPTypes

/// Says in a `Link` header where the next page of a list is.
package enum PageLink {
    /// The header for a list that goes on after the entry `last`; none when the list ends here.
    ///
    /// - Parameter target: the request's path and query; everything but the place in the list is kept.
    /// - Parameter parameter: the query parameter that names the place.
    package static func headers(target: String, after last: String?, as parameter: String = "after") -> HTTPFields {
        guard let last else { return [:] }
        return [.link: "<\(next(target, after: last, as: parameter))>; rel=\"next\""]
    }

    private static func next(_ target: String, after last: String, as parameter: String) -> String {
        let sides = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let kept = (sides.count > 1 ? sides[1] : "").split(separator: "&").filter { pair in
            let name = pair.prefix { $0 != "=" }
            return name != parameter && name != "before"
        }
        let query = kept.map(String.init) + ["\(parameter)=\(PercentCoding.encode(last))"]
        return "\(sides[0])?\(query.joined(separator: "&"))"
    }
}
