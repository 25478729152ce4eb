import AgentEngine
import Testing

@Suite(.timeLimit(.minutes(2))) struct SkillTreeTests {
    @Test func `skills stand in a tree below the folders they are in`() {
        let skills = [
            Skill(name: "a", description: "does a", location: "/home/x/.skills/a/SKILL.md"),
            Skill(name: "b", description: "does\nb", location: "/home/x/.skills/b/SKILL.md"),
            Skill(name: "c", description: "does c", location: "skills/c/SKILL.md"),
            Skill(name: "d", description: "does d", location: "d/SKILL.md"),
            Skill(name: "e", description: "does e", location: "E.md"),
        ]
        #expect(
            SkillTree.element(of: skills) == """
                <available_skills>
                /home/x/.skills
                ├── a/
                │   └── SKILL.md (does a)
                └── b/
                    └── SKILL.md (does b)
                skills
                └── c/
                    └── SKILL.md (does c)
                .
                ├── d/
                │   └── SKILL.md (does d)
                └── E.md (does e)
                </available_skills>
                """)
    }

    @Test func `no skills are no element, and an empty place is no crash`() {
        #expect(SkillTree.element(of: []) == nil)
        #expect(
            SkillTree.element(of: [Skill(name: "a", description: "d", location: "")]) == """
                <available_skills>
                .
                └── a (d)
                </available_skills>
                """)
    }
}
