# List sources
sources = client.sources.list()

# Create source
source = client.sources.create(
    name="My Source",
    description="A data source"
)

# Upload file to source
client.sources.upload_file(
    source_id="source_id",
    file_path="/path/to/file.txt"
)

# List source files
files = client.sources.list_files(source_id="source_id")

# Delete file from source
client.sources.delete_file(
    source_id="source_id",
    file_id="file_id"
)
