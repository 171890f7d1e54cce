"""Operations on a schema: parsed, validated and compiled once, then run for each request."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, TypeVar, cast

from colonnade_runtime.memory import Memory
from colonnade_runtime.operations.complexity import complexity, size_variables
from colonnade_runtime.operations.expansion import expanded, overlaps
from colonnade_runtime.operations.frame import Frame
from colonnade_runtime.operations.plan import Compiler, FieldPlan, Unsupported, fill, leaf
from colonnade_runtime.operations.run import Run, is_awaitable
from colonnade_runtime.operations.selections import Choices, Document, deciding_variables
from graphql import (
    ExecutionResult,
    Executor,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    NoFragmentCyclesRule,
    OperationDefinitionNode,
    OperationType,
    ValidationRule,
    execute,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import DocumentNode
from strawberry import Schema

KEPT, LONGEST_KEPT = 256 * 1024, 64 * 1024
"""Characters of all operations that are kept, the least recently used goes first, and of one.

Parsed and compiled, each character may take a kilobyte.
"""
EACH = 256
"""So many more characters an operation counts for, because a short one takes ten kilobytes."""
MAX_CHOICES = 16
"""Plans and complexities that are kept of one operation, for different variables."""
TOO_COMPLEX = "TOO_COMPLEX"
DATA = "data"

Plan = tuple[FieldPlan, ...]
Key = TypeVar("Key")
Value = TypeVar("Value")


class Refused(Exception):  # noqa: N818 - the client's mistake
    """The document cannot be executed; `errors` say why."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)


class Operation:
    """One operation of a valid document, and its plans."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self.document = document
        self.node = node
        self._schema = schema
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._deciding = deciding_variables(document)
        self._sizes = size_variables(document)
        self._plans: dict[tuple[bool, ...], Plan | None] = {}
        self._complexities: dict[tuple[object, ...], int] = {}
        kinds = {OperationType.QUERY: schema.query_type, OperationType.MUTATION: schema.mutation_type}
        self._kind: GraphQLObjectType | None = kinds.get(node.operation)

    def plan(self, variables: Mapping[str, Any]) -> Plan | None:
        """Return the plan for these variables; None where the stock executor has to do it."""
        choices = self._choices(variables)
        return _kept(self._plans, tuple(choices.values()), lambda: self._compiled(choices))

    def complexity(self, variables: Mapping[str, Any]) -> int:
        """Return how many fields would be answered at the most; 0 for a subscription."""
        choices = self._choices(variables)
        key = (*choices.values(), *(str(variables.get(name)) for name in self._sizes))
        return _kept(self._complexities, key, lambda: self._counted(choices, variables))

    def _choices(self, variables: Mapping[str, Any]) -> dict[str, bool]:
        return {name: bool(variables.get(name)) for name in self._deciding}

    def _compiled(self, choices: Choices) -> Plan | None:
        if self._kind is None:
            return None
        try:
            return Compiler(self._document(choices)).fields(self._kind, [self.node.selection_set])
        except Unsupported:
            return None

    def _counted(self, choices: Choices, variables: Mapping[str, Any]) -> int:
        if self._kind is None:
            return 0
        return complexity(self._document(choices), self._kind, [self.node.selection_set], variables)

    def _document(self, choices: Choices) -> Document:
        return Document(self._schema, self.node, self._fragments, choices)


def _kept(known: dict[Key, Value], key: Key, make: Callable[[], Value]) -> Value:
    """Return what is known for `key`; what there is too much of is forgotten."""
    if key not in known:
        if len(known) >= MAX_CHOICES:
            known.clear()
        known[key] = make()
    return known[key]


class Engine:
    """Prepares and executes operations on one schema, within `rules` besides those of the specification."""

    def __init__(
        self,
        schema: Schema,
        rules: Sequence[type[ValidationRule]],
        max_tokens: int,
        max_complexity: int,
        max_overlaps: int,
    ) -> None:
        self._schema: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry gives it no public name
        self._rules = [*specified_rules, *rules]
        self._max_tokens = max_tokens
        self._max_complexity = max_complexity
        self._max_overlaps = max_overlaps
        self._known: Memory[Operation] = Memory(KEPT, LONGEST_KEPT)

    def prepare(self, query: str, name: str | None) -> Operation:
        """Return the operation called `name`, or the only one. Raises `Refused`."""
        key = (query, name)
        found = self._known.find(key, now=0.0, age=inf)
        if found is not None:
            return found.value
        operation = self._prepared(query, name)
        self._known.keep(key, operation, EACH + len(query) + len(name or ""), at=0.0)
        return operation

    def _prepared(self, query: str, name: str | None) -> Operation:
        try:
            document = parse(query, max_tokens=self._max_tokens)
            self._measure(document)
            errors = validate(self._schema, document, self._rules)
        except GraphQLError as error:
            raise Refused([error]) from error
        except RecursionError:
            raise Refused([GraphQLError("The document is nested too deep.")]) from None
        if errors:
            raise Refused(errors)
        operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        chosen = [one for one in operations if name is None or (one.name and one.name.value == name)]
        if len(chosen) != 1:
            known = ", ".join(one.name.value for one in operations if one.name)
            raise Refused([GraphQLError(f"Say which operation to execute by operationName: {known}.")])
        return Operation(self._schema, document, chosen[0])

    def _measure(self, document: DocumentNode) -> None:
        """Let nothing be validated that would take long to. Raises `Refused`."""
        length, cyclic = expanded(document)
        if length > self._max_complexity:
            message = (
                f"The document has {length} fields and fragments; at most {self._max_complexity} are allowed."
            )
            raise Refused([GraphQLError(message, extensions={"code": TOO_COMPLEX})])
        if cyclic:
            raise Refused(validate(self._schema, document, [NoFragmentCyclesRule]))
        pairs = overlaps(document)
        if pairs > self._max_overlaps:
            message = (
                f"The document has {pairs} pairs of fields with one place in the answer; at most "
                f"{self._max_overlaps} are allowed."
            )
            raise Refused([GraphQLError(message, extensions={"code": TOO_COMPLEX})])

    async def execute(
        self,
        operation: Operation,
        variables: Mapping[str, Any] | None,
        context: Any,  # noqa: ANN401 - the application's
        root: Any = None,  # noqa: ANN401 - as above
    ) -> ExecutionResult:
        """Return the data and errors of an operation."""
        definitions = operation.node.variable_definitions or ()
        values = get_variable_values(self._schema, definitions, dict(variables or {}))
        if not isinstance(values, VariableValues):
            return ExecutionResult(data=None, errors=list(values))
        cost = operation.complexity(values.coerced)
        if cost > self._max_complexity:
            message = f"The operation may answer {cost} fields; at most {self._max_complexity} are allowed."
            too_complex = GraphQLError(message, operation.node, extensions={"code": TOO_COMPLEX})
            return ExecutionResult(data=None, errors=[too_complex])
        plan = operation.plan(values.coerced)
        if plan is None:
            return await self._stock(operation, variables, context, root)
        return await _executed(plan, operation.node, Run(context, root, values))

    async def _stock(
        self,
        operation: Operation,
        variables: Mapping[str, Any] | None,
        context: Any,  # noqa: ANN401 - the application's
        root: Any,  # noqa: ANN401 - as above
    ) -> ExecutionResult:
        name = operation.node.name.value if operation.node.name else None
        found = execute(
            self._schema,
            operation.document,
            root,
            context,
            dict(variables or {}),
            name,
            executor_class=_Stock,
            is_awaitable=is_awaitable,
        )
        return await found if is_awaitable(found) else cast("ExecutionResult", found)


class _Stock(Executor[Any]):
    """The stock executor, for which a value that does not fit its field is the resolver's mistake, too."""

    @staticmethod
    def complete_leaf_value(return_type: GraphQLLeafType, result: Any) -> Any:  # noqa: ANN401 - as in a plan
        return leaf(return_type, return_type.coerce_output_value, result)


async def _executed(plan: Plan, node: OperationDefinitionNode, run: Run) -> ExecutionResult:
    data: dict[str, Any] = {}
    holder: dict[str, Any] = {DATA: data}
    top = Frame(holder, DATA, True, None)
    # What changes something is done in the order of the query, one after the other (§6.2.2).
    steps = [(field,) for field in plan] if node.operation is OperationType.MUTATION else [plan]
    for fields in steps:
        fill(run, fields, run.root, data, top)
        await run.settle()
    return ExecutionResult(data=holder[DATA], errors=run.errors or None)
