/// A template in a project; `name` may end with a version, as in `support:2` or `support:latest`.
public struct TemplatePath: PathParameters {
    public static let patterns: [CapturePattern] = [.text, .text]
    /// The id or the slug.
    public var project: String
    public var name: String
    public var captured: [String] { [project, name] }

    public init(project: String, name: String) {
        self.project = project
        self.name = name
    }

    public init(captured values: [String]) {
        project = values[0]
        name = values[1]
    }
}

public struct DeploymentPath: PathParameters {
    public static let patterns: [CapturePattern] = [.text, .text, .text]
    public var template: TemplatePath
    public var deployment: String
    public var captured: [String] { template.captured + [deployment] }

    public init(_ template: TemplatePath, deployment: String) {
        self.template = template
        self.deployment = deployment
    }

    public init(captured values: [String]) {
        template = TemplatePath(captured: values)
        deployment = values[2]
    }
}

extension API {
    /// Templates of the project that the request's header names, as newer clients call them.
    public enum Templates {
        public static let list = Endpoint<NoPath, ListTemplates, NoBody, TemplateList>(
            .get, "/v1/templates", "Lists templates, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateTemplate, Template>(
            .post, "/v1/templates", "Creates a template from an agent or an agent file.", status: 201)
        public static let update = Endpoint<TextPath, NoQuery, UpdateTemplate, TemplateOutcome>(
            .patch, "/v1/templates/{template_name}", "Replaces the working version by what an agent file says.")
        public static let delete = Endpoint<TextPath, NoQuery, NoBody, TemplateOutcome>(
            .delete, "/v1/templates/{template_name}", "Deletes a template with all versions; its agents stay.")
        public static let rollback = Endpoint<TextPath, NoQuery, RollbackTemplate, TemplateOutcome>(
            .post, "/v1/templates/{template_name}/rollback", "Makes a saved version the working version.")
        public static let save = Endpoint<TextPath, NoQuery, SaveTemplate?, Template>(
            .post, "/v1/templates/{template_name}/save", "Saves the working version as a new version.")
        public static let createAgents = Endpoint<TextPath, NoQuery, CreateTemplateAgents?, TemplateAgentIDs>(
            .post, "/v1/templates/{template_version}/agents", "Creates an agent from a version of a template.",
            status: 201)
    }

    /// Templates of a project in the path, as older clients call them.
    public enum ProjectTemplates {
        public static let create = Endpoint<TextPath, NoQuery, CreateTemplate, Template>(
            .post, "/v1/templates/{project_id}", "Creates a template from an agent or an agent file.", status: 201)
        public static let save = Endpoint<TemplatePath, NoQuery, SaveTemplate?, Template>(
            .post, "/v1/templates/{project_id}/{template_name}", "Saves the working version as a new version.")
        public static let delete = Endpoint<TemplatePath, NoQuery, NoBody, TemplateOutcome>(
            .delete, "/v1/templates/{project_id}/{template_name}",
            "Deletes a template with all versions; its agents stay.")
        public static let rename = Endpoint<TemplatePath, NoQuery, RenameTemplate, TemplateOutcome>(
            .patch, "/v1/templates/{project_id}/{template_name}/name", "Renames a template.")
        public static let describe = Endpoint<TemplatePath, NoQuery, DescribeTemplate, TemplateOutcome>(
            .patch, "/v1/templates/{project_id}/{template_name}/description", "Changes the description of a template.")
        public static let versions = Endpoint<TemplatePath, ListTemplateVersions, NoBody, TemplateVersionList>(
            .get, "/v1/templates/{project_id}/{template_name}/versions", "Lists the saved versions, newest first.")
        public static let createAgents = Endpoint<TemplatePath, NoQuery, CreateTemplateAgents?, TemplateAgents>(
            .post, "/v1/templates/{project_id}/{template_version}/agents",
            "Creates an agent from a version of a template.", status: 201)
        public static let fork = Endpoint<TemplatePath, NoQuery, ForkTemplate?, Template>(
            .post, "/v1/templates/{project_id}/{template_version}/fork", "Makes a version the start of a new template.")
        public static let snapshot = Endpoint<TemplatePath, NoQuery, NoBody, TemplateSnapshot>(
            .get, "/v1/templates/{project_id}/{template_version}/snapshot", "Retrieves what a version consists of.")
        public static let setSnapshot = Endpoint<TemplatePath, NoQuery, TemplateSnapshot, TemplateOutcome>(
            .put, "/v1/templates/{project_id}/{template_version}/snapshot", "Replaces the working version.")
        public static let migrate = Endpoint<DeploymentPath, NoQuery, MigrateDeployment, TemplateOutcome>(
            .post, "/v1/templates/{project_id}/{template_name}/deployments/{deployment_id}/migrate",
            "Gives the agents of a deployment another version of their template.")
    }

    /// Templates as an agent's other side.
    public enum AgentTemplates {
        public static let create = Endpoint<ID<AgentState>, NoQuery, NoBody, Template>(
            .post, "/v1/agents/{agent_id}/template", "Creates a template from an agent.")
        public static let createVersion = Endpoint<ID<AgentState>, NoQuery, NoBody, Template>(
            .post, "/v1/agents/{agent_id}/version-template",
            "Saves the agent's configuration as a new version of the template that it was made from.")
        public static let migrate = Endpoint<ID<AgentState>, NoQuery, MigrateAgent, TemplateOutcome>(
            .post, "/v1/agents/{agent_id}/migrate", "Gives an agent a version of a template.")
    }
}
