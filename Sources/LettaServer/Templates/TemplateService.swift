import JSON
import LettaAPI
import Storage

/// The rules of templates: names, versions, and what an agent becomes a template of.
struct TemplateService: Sendable {
    let core: Core
    let agents: AgentService
    let files: AgentFileService

    // MARK: Reading

    func list(_ query: ListTemplates, as scope: Scope) async throws -> (list: TemplateList, next: Int?) {
        try KeyText.check("name", query.name, query.search, in: "query")
        let page = try OffsetPage(offset: query.offset, limit: query.limit)
        if let version = query.version { _ = try TemplateReference.version(version) }
        return try await core.storage.read(as: scope) { db in
            var project = query.projectID ?? scope.project
            if let slug = query.projectSlug {
                guard let named = slug == Project.defaultSlug ? .standard : try ProjectStore.project(slug: slug, db)
                else { return (TemplateList([], hasNextPage: false), nil) }
                project = named.id.rawValue
            }
            let (rows, hasMore) = try TemplateStore.page(query, in: project, page, db)
            let projects = try ProjectStore.projects(rows.compactMap(\.projectID), db)
            let version = query.version.flatMap { $0 == "latest" ? nil : $0 }
            let templates = rows.map { row in
                row.wire(in: row.projectID.flatMap { projects[$0] } ?? .standard, version: version)
            }
            return (TemplateList(templates, hasNextPage: hasMore), page.next(hasMore: hasMore))
        }
    }

    func versions(
        of reference: TemplateReference, _ query: ListTemplateVersions, as scope: Scope
    ) async throws -> (list: TemplateVersionList, next: Int?) {
        let page = try OffsetPage(offset: query.offset, limit: query.limit)
        return try await core.storage.read(as: scope) { db in
            let template = try reference.template(db).row
            // Versions are numbered without gaps.
            let first = template.latestVersion - page.offset
            let versions = try TemplateStore.versions(of: template, from: first, limit: page.limit, db)
            let next = page.next(hasMore: first - versions.count > 0 && !versions.isEmpty)
            return (
                TemplateVersionList(versions, hasNextPage: next != nil, totalCount: template.latestVersion), next
            )
        }
    }

    func snapshot(_ reference: TemplateReference, as scope: Scope) async throws -> TemplateSnapshot {
        try await core.storage.read(as: scope) { db in
            let row = try reference.version(of: reference.template(db).row, db)
            var snapshot = try row.snapshot.content()
            snapshot.version = row.version == TemplateVersionRow.working ? "current" : String(row.version)
            return snapshot
        }
    }

    // MARK: Creating

    /// - Parameter project: a slug or an id; nil for the caller's.
    func create(_ body: CreateTemplate, in project: String?, as scope: Scope) async throws -> Template {
        try TemplateName.check(body.name)
        let time = core.now()
        if body.agentFile != nil || body.type == .agentFile {
            let file = try await files.template(
                body.agentFile, named: "agent_file", updatingTools: body.updateExistingTools ?? false, as: scope)
            return try await core.storage.write(as: scope) { db in
                let project = try ProjectService.project(project ?? scope.project, db)
                let snapshot = try files.snapshot(of: file, replacing: nil, at: time, db)
                return try insert(snapshot, named: body.name, in: project, at: time, db).wire(in: project)
            }
        }
        return try await core.storage.write(as: scope) { [core] db in
            let project = try ProjectService.project(project ?? scope.project, db)
            guard let agent = body.agentID else {
                throw APIError.invalidField("agent_id", "names the agent to make a template of", input: .null)
            }
            // An agent that manages a group is made a template with all of the group.
            let managed = try GroupStore.managed(by: [ID(agent)], db)[ID(agent)]
            let group = managed.flatMap { TemplateSnapshot.groupTypes.contains($0.managerType) ? $0 : nil }
            let members = ([ID(agent)] + (group?.agentIDs ?? [])).withoutDuplicates
            guard members.count <= TemplateSnapshot.mostAgents else {
                throw APIError.invalidField(
                    "agent_id", "manages a group of more agents than a template has (\(TemplateSnapshot.mostAgents))",
                    input: .string(agent))
            }
            let snapshot = try TemplateSnapshot.snapshot(
                of: members, in: group, replacing: nil, ids: core.ids, db)
            return try insert(snapshot, named: body.name, in: project, at: time, db).wire(in: project)
        }
    }

    /// Saves an agent's configuration as a new version of the template that it was made from.
    func createVersion(from agent: ID<AgentState>, as scope: Scope) async throws -> Template {
        let time = core.now()
        return try await core.storage.write(as: scope) { [core] db in
            guard let row = try AgentStore.row(agent, db) else { throw APIError.notFound("Agent", agent) }
            guard let base = row.origin.baseTemplateID,
                var template = try db.fetch(TemplateStore.table, base, locking: true)
            else {
                throw APIError(400, "Agent \(agent) was not made from a template. Create one from it first.")
            }
            let used = try row.origin.templateID.flatMap { try db.fetch(TemplateStore.versions, $0) }
            let old = try used ?? TemplateReference.row(.working, of: template, db)
            let before = try old.snapshot.content()
            var snapshot = try TemplateSnapshot.snapshot(of: agent, replacing: before, ids: core.ids, db)
            if before.agents.count > 1 { snapshot = try before.replacing(snapshot) }
            let working = try TemplateReference.row(.working, of: template, db)
            try TemplateStore.setSnapshot(of: working.id, to: Document(snapshot), db)
            try save(&template, Document(snapshot), message: nil, at: time, db)
            return template.wire(in: try ProjectService.project(template.projectID, db))
        }
    }

    func fork(_ reference: TemplateReference, as name: String?, _ scope: Scope) async throws -> Template {
        try TemplateName.check(name)
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let (template, project) = try reference.template(db)
            let version = try reference.version(of: template, db)
            var fork = try insert(version.snapshot.content(), named: name, in: project, at: time, db)
            fork.description = template.description
            try db.update(fork, in: TemplateStore.table)
            return fork.wire(in: project)
        }
    }

    private func insert(
        _ snapshot: TemplateSnapshot, named name: String?, in project: Project, at time: Timestamp, _ db: Transaction
    ) throws -> TemplateRow {
        let name = name ?? "\(TemplateName.random())-\(core.ids.uuid().suffix(6))"
        try Self.checkIsFree(name, in: project, db)
        var row = TemplateRow(
            id: core.ids.next(), projectID: project.id == Project.defaultID ? nil : project.id.rawValue, name: name,
            description: nil, latestVersion: 0, createdByID: db.user, createdAt: time, updatedAt: time)
        try db.insert(row, into: TemplateStore.table)
        let document = Document(snapshot)
        try db.insert(
            TemplateVersionRow(
                id: core.ids.next(), templateID: row.id, version: TemplateVersionRow.working, message: nil,
                snapshot: document, createdAt: time), into: TemplateStore.versions)
        try save(&row, document, message: nil, at: time, db)
        return row
    }

    // MARK: Versions

    /// Saves the working version as a new version, and gives it to the agents if that is asked for.
    func save(_ reference: TemplateReference, _ body: SaveTemplate, as scope: Scope) async throws -> Template {
        let time = core.now()
        let (template, project) = try await core.storage.write(as: scope) { db in
            var (template, project) = try reference.template(locking: true, db)
            let working = try TemplateReference.row(.working, of: template, db)
            try save(&template, working.snapshot, message: body.message, at: time, db)
            return (template, project)
        }
        if body.migrateAgents == true {
            var options = TemplateMigration.Options()
            options.preservesMemory = body.preserveCoreMemoriesOnMigration ?? false
            options.preservesSecrets = body.preserveEnvironmentVariablesOnMigration ?? false
            options.preservesFolders = body.preserveSourcesOnMigration ?? false
            options.deletesOtherBlocks = body.blockReconciliationStrategy == .all
            var saved = TemplateReference(id: template.id, in: project)
            saved.version = .number(template.latestVersion)
            _ = try await migrate(saved, deployment: nil, options, as: scope)
        }
        return template.wire(in: project)
    }

    private func save(
        _ template: inout TemplateRow, _ snapshot: Document<TemplateSnapshot>, message: String?, at time: Timestamp,
        _ db: Transaction
    ) throws {
        template.latestVersion += 1
        template.updatedAt = max(time, template.updatedAt)
        try db.insert(
            TemplateVersionRow(
                id: core.ids.next(), templateID: template.id, version: template.latestVersion, message: message,
                snapshot: snapshot, createdAt: time), into: TemplateStore.versions)
        try db.update(template, in: TemplateStore.table)
    }

    func setSnapshot(_ snapshot: TemplateSnapshot, of reference: TemplateReference, as scope: Scope) async throws {
        guard reference.version == nil || reference.version == .working else {
            throw APIError(400, "A saved version never changes. Name the working version: \(reference.name):current.")
        }
        let time = core.now()
        try await core.storage.write(as: scope) { db in
            var template = try reference.template(locking: true, db).row
            try snapshot.check()
            var snapshot = snapshot
            snapshot.version = nil
            let working = try TemplateReference.row(.working, of: template, db)
            try TemplateStore.setSnapshot(of: working.id, to: Document(snapshot), db)
            template.updatedAt = max(time, template.updatedAt)
            try db.update(template, in: TemplateStore.table)
        }
    }

    /// Makes a saved version the working version. Unsaved changes become a version before.
    func rollback(_ reference: TemplateReference, to text: String, as scope: Scope) async throws -> TemplateOutcome {
        let version = try TemplateReference.version(text)
        guard version != .working else {
            throw APIError(400, "The working version can't be rolled back to itself. Name a number or 'latest'.")
        }
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            var template = try reference.template(locking: true, db).row
            let target = try TemplateReference.row(version, of: template, db)
            let working = try TemplateReference.row(.working, of: template, db)
            let latest = try TemplateReference.row(.latest, of: template, db)
            var saved = ""
            if working.snapshot != latest.snapshot {
                try save(&template, working.snapshot, message: "Saved before a rollback.", at: time, db)
                saved = " The unsaved changes are version \(template.latestVersion)."
            }
            try TemplateStore.setSnapshot(of: working.id, to: target.snapshot, db)
            template.updatedAt = max(time, template.updatedAt)
            try db.update(template, in: TemplateStore.table)
            return TemplateOutcome(message: "The working version is version \(target.version).\(saved)")
        }
    }

    // MARK: Changing

    /// Replaces the working version by what an agent file says.
    func update(
        _ reference: TemplateReference, _ body: UpdateTemplate, as scope: Scope
    ) async throws -> TemplateOutcome {
        _ = try await core.storage.read(as: scope) { db in try reference.template(db).row }
        let file = try await files.template(
            body.agentFileJSON, named: "agent_file_json", updatingTools: body.updateExistingTools ?? false, as: scope)
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            var template = try reference.template(locking: true, db).row
            let working = try TemplateReference.row(.working, of: template, db)
            let latest = try TemplateReference.row(.latest, of: template, db)
            var saved = ""
            if body.saveExistingChanges == true, working.snapshot != latest.snapshot {
                try save(&template, working.snapshot, message: "Saved before an agent file.", at: time, db)
                saved = " The unsaved changes are version \(template.latestVersion)."
            }
            let snapshot = try files.snapshot(of: file, replacing: working.snapshot.content(), at: time, db)
            try TemplateStore.setSnapshot(of: working.id, to: Document(snapshot), db)
            template.updatedAt = max(time, template.updatedAt)
            try db.update(template, in: TemplateStore.table)
            return TemplateOutcome(message: "The working version is the agent of the file.\(saved)")
        }
    }

    func rename(_ reference: TemplateReference, to name: String, as scope: Scope) async throws {
        try TemplateName.check(name, field: "new_name")
        try await change(reference, as: scope) { template, project, db in
            if template.name != name { try Self.checkIsFree(name, in: project, db) }
            template.name = name
        }
    }

    func describe(_ reference: TemplateReference, _ body: DescribeTemplate, as scope: Scope) async throws {
        try await change(reference, as: scope) { template, _, _ in
            body.description.apply(to: &template.description)
        }
    }

    func delete(_ reference: TemplateReference, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            try db.delete(try reference.template(locking: true, db).row.id, from: TemplateStore.table)
        }
    }

    private func change(
        _ reference: TemplateReference, as scope: Scope,
        _ apply: @escaping @Sendable (inout TemplateRow, Project, Transaction) throws -> Void
    ) async throws {
        let time = core.now()
        try await core.storage.write(as: scope) { db in
            var (template, project) = try reference.template(locking: true, db)
            try apply(&template, project, db)
            template.updatedAt = max(time, template.updatedAt)
            try db.update(template, in: TemplateStore.table)
        }
    }

    private static func checkIsFree(_ name: String, in project: Project, _ db: Transaction) throws {
        guard try TemplateStore.template(name, in: project, locking: false, db) != nil else { return }
        throw APIError.conflict(
            "Project \(project.slug) has a template '\(name)' already. Choose another name or delete that one.")
    }
}

extension TemplateReference {
    init(id: ID<Template>, in project: Project) {
        self.project = project.id.rawValue
        name = id.rawValue
    }
}
