extension BaseTool {
    private static let webCategories = [
        "company", "research paper", "news", "pdf", "github", "tweet", "personal site", "linkedin profile",
        "financial report",
    ]

    static let builtInTools: [BaseTool] = [
        BaseTool(
            "run_code", .builtIn, "Run a program in a sandbox. Returns its output and errors.", canRunInParallel: true,
            [
                .required("code", .string, "The program. Print what you need."),
                .required("language", .choice(["python", "js", "ts", "r", "java"]), "The program's language."),
            ]),
        BaseTool(
            "run_code_with_tools", .builtIn,
            "Run a Python program that may call your other tools as functions. Returns its output and errors.",
            [.required("code", .string, "The Python program. Print what you need.")]),
        BaseTool(
            "web_search", .builtIn, "Search the web. Returns titles, addresses and, if asked for, the pages' text.",
            canRunInParallel: true,
            [
                .required("query", .string, "What to search for."),
                .optional("num_results", .integer, "How many results to return."),
                .optional("category", .choice(webCategories), "Only pages of this kind."),
                .optional("include_text", .boolean, "Whether to return the pages' text too. It can be long."),
                .optional(
                    "include_domains", .list(.string), "Only pages of these sites, for example [\"example.org\"]."),
                .optional("exclude_domains", .list(.string), "No pages of these sites."),
                .optional("start_published_date", .string, "Only pages published from this day on: 2026-01-31."),
                .optional("end_published_date", .string, "Only pages published up to this day: 2026-01-31."),
                .optional("user_location", .string, "The user's country as two letters, for example DE."),
            ]),
        BaseTool(
            "fetch_webpage", .builtIn, "Get the text of a web page.", canRunInParallel: true,
            [.required("url", .string, "The page's address, with https://")]),
    ]

    static let fileTools: [BaseTool] = [
        BaseTool(
            "open_files", .files,
            """
            Open files, or parts of them, so that you see their text in your context. Use the names shown in \
            <directories>. When too many are open, the ones used longest ago are closed.
            """,
            [
                .required(
                    "file_requests",
                    .list(
                        .object([
                            .required("file_name", .string, "The file's name, as shown."),
                            .optional("offset", .integer, "How many lines to skip. Default 0: from the first line."),
                            .optional("length", .integer, "How many lines to show. Default: as many as fit."),
                        ])),
                    "The files to open."),
                .optional("close_all_others", .boolean, "Whether to close all other files first. Default false."),
            ]),
        BaseTool(
            "grep_files", .files,
            "Search the text of all your files with a regular expression. Shows 20 matches at a time.",
            canRunInParallel: true,
            [
                .required("pattern", .string, "The regular expression."),
                .optional("include", .string, "Only files whose names match this, for example *.md."),
                .optional("context_lines", .integer, "How many lines to show before and after a match. Default 1."),
                .optional("offset", .integer, "How many matches to skip, to see the next page: 20, 40, …"),
            ]),
        BaseTool(
            "semantic_search_files", .files, "Search your files by meaning. Returns the passages that fit best.",
            canRunInParallel: true,
            [
                .required("query", .string, "What you want to know."),
                .optional("limit", .integer, "The most passages to return. Default 5."),
            ]),
    ]
}
