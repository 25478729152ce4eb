import Storage
import Testing

@Suite(.timeLimit(.minutes(2))) struct SQLTextTests {
    @Test func `values are bound in the order they are written`() {
        let after: String? = nil
        let more: SQLText = "AND name > \("m")"
        let sql: SQLText = "SELECT id FROM agent WHERE organization = \("org") \(more) AND x IS \(after) LIMIT \(5)"
        #expect(sql.numbered == "SELECT id FROM agent WHERE organization = $1 AND name > $2 AND x IS $3 LIMIT $4")
        #expect(sql.binds == [.text("org"), .text("m"), .null, .integer(5)])
        #expect(sql.text == "SELECT id FROM agent WHERE organization = ? AND name > ? AND x IS ? LIMIT ?")
    }

    @Test(arguments: [true]) func `a string never becomes text, even from a conditional`(descending: Bool) {
        let sql: SQLText = "ORDER BY \(descending ? "a; DROP TABLE agent" : "b")"
        #expect(sql.numbered == "ORDER BY $1")
    }

    @Test func `lists expand and an empty one matches nothing`() {
        let some: SQLText = "id IN (\(list: ["a", "b"])) AND n = \(1)"
        #expect(some.numbered == "id IN ($1, $2) AND n = $3")
        let none: SQLText = "id IN (\(list: [String]()))"
        #expect(none.numbered == "id IN (NULL)")
        #expect(none.binds.isEmpty)
    }

    @Test func `fragments join with a separator`() {
        let joined = SQLText.joined(["a = \(1)", "b = \(2)", "c"], separator: " OR ")
        #expect(joined.numbered == "a = $1 OR b = $2 OR c")
        #expect(SQLText.joined([], separator: ",").isEmpty)
        #expect(!joined.isEmpty)
    }
}
