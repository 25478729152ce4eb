# The object that a function with a parameter `agent_state` gets: the agent, with blocks of memory that the function may change.


class Record:
    """An object with the members of a JSON object."""

    def __init__(self, members):
        for name, value in members.items():
            setattr(self, name, record_of(value))

    def model_dump(self, **_):
        return {name: plain_of(value) for name, value in vars(self).items() if not name.startswith("_")}

    dict = model_dump

    def __getitem__(self, name):
        return getattr(self, name)

    def get(self, name, default=None):
        return getattr(self, name, default)

    def __repr__(self):
        members = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({members})"


def record_of(value):
    if isinstance(value, dict):
        return Record(value)
    return [record_of(item) for item in value] if isinstance(value, list) else value


def plain_of(value):
    if isinstance(value, Record):
        return value.model_dump()
    return [plain_of(item) for item in value] if isinstance(value, list) else value


class Block(Record):
    """A block of memory."""


class Memory:
    def __init__(self, blocks):
        self.blocks = [Block(block) for block in blocks]
        self._before = {block.label: block.value for block in self.blocks}

    def list_block_labels(self):
        return [block.label for block in self.blocks]

    def get_blocks(self):
        return self.blocks

    def get_block(self, label):
        for block in self.blocks:
            if block.label == label:
                return block
        raise KeyError(f"Block field {label} does not exist (available sections = {', '.join(self.list_block_labels())})")

    def update_block_value(self, label, value):
        if not isinstance(value, str):
            raise ValueError("Provided value must be a string")
        self.get_block(label).value = value

    def compile(self, *_, **__):
        return "\n".join(f"<{block.label}>\n{block.value}\n</{block.label}>" for block in self.blocks)

    def model_dump(self, **_):
        return {"blocks": [block.model_dump() for block in self.blocks]}

    def __len__(self):
        return len(self.blocks)

    def changes(self):
        """The values that the function changed, by label."""
        return {block.label: str(block.value) for block in self.blocks
                if block.label in self._before and block.value != self._before[block.label]}


class AgentState(Record):
    def __init__(self, agent):
        super().__init__({name: value for name, value in agent.items() if name != "blocks"})
        self.memory = Memory(agent["blocks"])

    @property
    def blocks(self):
        return self.memory.blocks

    def model_dump(self, **_):
        return {**{name: plain_of(value) for name, value in vars(self).items() if name != "memory"}, "memory": self.memory.model_dump()}
