"""The budget of a query: how much one request may ask for.

It is measured between parsing and validating, because some standard rules cost more than linear time. Each fragment is
measured once and its figures are reused at every spread, so that measuring costs what the text is long, however deep
its fragments are nested (150 fragments, each spread twice by the one before, would otherwise be 2^150 visits).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    Node,
    NullValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
)

from graphql_schema.cost import ARGUMENTS, CAP, FREE, Cost, Page, check_page, price_of
from graphql_schema.errors import refusal

INTROSPECTION = frozenset({"__schema", "__type"})
PAGE_ARGUMENTS = ("first", "last")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for at most; `settings.GRAPHQL_LIMITS` overrides by name."""

    tokens: int = 2_000
    comments: int = 500
    characters: int = 100_000
    operations: int = 10
    fragments: int = 100
    variables: int = 100
    depth: int = 12
    introspection_depth: int = 20
    fields: int = 500
    #: How often one field may stand in the same place; the standard rules compare each pair of them.
    repeats: int = 50
    aliases: int = 50
    directives: int = 50
    value_depth: int = 16
    mutations: int = 1
    page: int = 100
    objects: int = 10_000
    #: What a list without pages is taken to hold.
    unpaginated: int = 10

    @classmethod
    def from_settings(cls) -> "Limits":
        """Read the limits; an unknown name is a TypeError at start."""
        return cls(**getattr(settings, "GRAPHQL_LIMITS", {}))


@dataclass(slots=True)
class Shape:
    """The figures of one selection, everything its fragments spread included."""

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    #: How often a field stands in each place of the answer (`battery.holder.code`).
    places: Counter[str] = field(default_factory=Counter)
    #: Fields at the top, `__typename` aside, and their names.
    roots: int = 0
    names: frozenset[str] = frozenset()
    cost: Cost = FREE
    #: Only inside a connection: what stands once for each object of the page.
    each: Cost = FREE

    def add(self, other: "Shape") -> None:
        """Take up what stands beside this."""
        self.depth = max(self.depth, other.depth)
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.places.update(other.places)
        self.roots += other.roots
        self.names |= other.names
        self.cost += other.cost
        self.each += other.each


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, measured."""

    node: OperationDefinitionNode
    shape: Shape
    defaults: Mapping[str, Any]

    @property
    def only_meta(self) -> bool:
        """Whether it asks for nothing of the domain: `__typename`, `__schema`, `__type`."""
        return self.shape.names <= INTROSPECTION

    def objects(self, variables: Mapping[str, Any], limits: Limits) -> int:
        """Count the objects asked for with these variables; refuses `too_expensive` and pages too large."""
        total = self.shape.cost.objects({**self.defaults, **variables}, limits.page)
        if total > limits.objects:
            raise refusal("too_expensive", self.node, limit=limits.objects)
        return total


@dataclass(slots=True)
class Measured:
    """A document within its budget."""

    operations: dict[str | None, Operation] = field(default_factory=dict)
    introspects: bool = False
    #: Nodes looked at: what measuring cost.
    visits: int = 0


def measure(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> Measured:
    """Measure every operation, or raise the first refusal (a GraphQLError with its code in `extensions`)."""
    return _Meter(schema, limits).measure(document)


class _Meter:
    """Measures one document."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self.schema = schema
        self.limits = limits
        self.result = Measured()
        self.shapes: dict[str, Shape] = {}
        self.level = 0

    def measure(self, document: DocumentNode) -> Measured:
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self._check_document(document, operations, fragments)
        for fragment in self._inner_first(fragments):
            self.shapes[fragment.name.value] = self._fragment(fragment)
        for node in operations:
            name = node.name.value if node.name else None
            self.result.operations.setdefault(name, self._operation(node))
        return self.result

    def _check_document(
        self,
        document: DocumentNode,
        operations: list[OperationDefinitionNode],
        fragments: list[FragmentDefinitionNode],
    ) -> None:
        if not operations:
            raise refusal("no_operation")
        if len(operations) > self.limits.operations:
            raise refusal("too_many_operations", operations[-1], limit=self.limits.operations)
        if len(fragments) > self.limits.fragments:
            raise refusal("too_many_fragments", fragments[-1], limit=self.limits.fragments)
        # What stands in the text, used or not: the standard rules will walk all of it.
        written = Shape()
        for node in _selections(document.definitions):
            self.result.visits += 1
            written.fields += 1
            written.directives += len(node.directives)
            written.aliases += isinstance(node, FieldNode) and node.alias is not None
            self._check_counts(written, node)

    def _check_counts(self, shape: Shape, node: Node) -> None:
        if shape.fields > self.limits.fields:
            raise refusal("too_many_fields", node, limit=self.limits.fields)
        if shape.aliases > self.limits.aliases:
            raise refusal("too_many_aliases", node, limit=self.limits.aliases)
        if shape.directives > self.limits.directives:
            raise refusal("too_many_directives", node, limit=self.limits.directives)

    def _inner_first(self, fragments: list[FragmentDefinitionNode]) -> list[FragmentDefinitionNode]:
        """Order the fragments so that each follows all it spreads; refuses cycles. No recursion: chains may be long."""
        by_name = {node.name.value: node for node in fragments}
        spreads = {
            name: [
                spread.name.value
                for spread in _selections([node])
                if isinstance(spread, FragmentSpreadNode) and spread.name.value in by_name
            ]
            for name, node in by_name.items()
        }
        done: dict[str, FragmentDefinitionNode] = {}
        open_: dict[str, None] = {}
        stack = list(by_name)
        while stack:
            name = stack[-1]
            open_.setdefault(name)
            waiting = [inner for inner in spreads[name] if inner not in done]
            if name not in done and waiting:
                if waiting[0] in open_:
                    raise refusal("fragment_cycle", by_name[waiting[0]], value=waiting[0])
                stack.append(waiting[0])
                continue
            done.setdefault(name, by_name[name])
            open_.pop(name, None)
            stack.pop()
        return list(done.values())

    def _fragment(self, node: FragmentDefinitionNode) -> Shape:
        parent = self.schema.get_type(node.type_condition.name.value)
        shape = Shape(directives=self._directives(node.directives))
        shape.add(self._selection_set(node.selection_set, parent))
        self._check_counts(shape, node)
        return shape

    def _operation(self, node: OperationDefinitionNode) -> Operation:
        shape = Shape(directives=self._directives(node.directives))
        defaults = {}
        for variable in node.variable_definitions:
            shape.directives += self._directives(variable.directives)
            self._check_value(variable.default_value)
            if isinstance(variable.default_value, IntValueNode):
                defaults[variable.variable.name.value] = _number(variable.default_value)
        shape.add(self._selection_set(node.selection_set, self.schema.get_root_type(node.operation)))
        if len(node.variable_definitions) > self.limits.variables:
            raise refusal("too_many_variables", node, limit=self.limits.variables)
        self._check_counts(shape, node)
        if max(shape.places.values(), default=0) > self.limits.repeats:
            raise refusal("too_many_repeats", node, limit=self.limits.repeats)
        shape.places.clear()  # the rest is kept with the document
        if shape.depth > self.limits.depth:
            raise refusal("query_too_deep", node, limit=self.limits.depth)
        if shape.introspection_depth > self.limits.introspection_depth:
            raise refusal("query_too_deep", node, limit=self.limits.introspection_depth)
        if node.operation is OperationType.MUTATION and shape.roots > self.limits.mutations:
            raise refusal("one_mutation_a_request", node, limit=self.limits.mutations)
        return Operation(node, shape, defaults)

    def _selection_set(self, node: SelectionSetNode, parent: GraphQLNamedType | None) -> Shape:
        total = Shape()
        for selection in node.selections:
            self.result.visits += 1
            match selection:
                case FieldNode():
                    total.add(self._field(selection, parent))
                case FragmentSpreadNode():
                    total.add(self.shapes.get(selection.name.value, _NOTHING))
                    total.fields += 1
                case InlineFragmentNode(type_condition=condition):
                    inner = self.schema.get_type(condition.name.value) if condition else parent
                    total.add(self._selection_set(selection.selection_set, inner))
                    total.fields += 1
            total.directives += self._directives(selection.directives)
            self._check_counts(total, selection)
        return total

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Shape:
        name = node.name.value
        definition = _fields(parent).get(name)
        page = self._page(node, definition)
        for argument in node.arguments:
            self._check_value(argument.value)
        named = get_named_type(definition.type) if definition else None
        inner = self._selection_set(node.selection_set, named) if node.selection_set else _NOTHING
        shape = Shape(fields=1 + inner.fields, aliases=(node.alias is not None) + inner.aliases)
        shape.directives = inner.directives
        place = node.alias.value if node.alias else name
        shape.places = Counter({place: 1, **{f"{place}.{inside}": n for inside, n in inner.places.items()}})
        if name != "__typename":
            shape.roots, shape.names = 1, frozenset({name})
        if name in INTROSPECTION:
            self.result.introspects = True
            shape.depth, shape.introspection_depth = 1, 1 + inner.depth
            return shape
        shape.depth, shape.introspection_depth = 1 + inner.depth, inner.introspection_depth
        if definition and not is_leaf_type(named):
            self._set_cost(shape, inner, definition, parent, page)
            shape.cost += _asked_with(node)
        return shape

    def _set_cost(
        self, shape: Shape, inner: Shape, definition: GraphQLField, parent: GraphQLNamedType | None, page: Page | None
    ) -> None:
        named = get_named_type(definition.type)
        price = price_of(named.name)
        if _is_connection(named):
            whole = page or Page(None, (), self.limits.page)
            shape.cost = inner.cost + inner.each.times(whole)
        elif is_list_type(_nullable(definition.type)):
            one = inner.cost if "node" in _fields(named) else price + inner.cost
            if _is_connection(parent):
                shape.each = one
            else:
                shape.cost = one.times(page or self.limits.unpaginated)
        else:
            shape.cost = inner.cost if named.name == "PageInfo" else price + inner.cost

    def _page(self, node: FieldNode, definition: GraphQLField | None) -> Page | None:
        if definition is None or not any(name in definition.args for name in PAGE_ARGUMENTS):
            return None
        defaults = [definition.args[name].default_value for name in PAGE_ARGUMENTS if name in definition.args]
        missing = max((size for size in defaults if type(size) is int), default=self.limits.page)
        numbers, variables = [], []
        for argument in node.arguments:
            if argument.name.value in PAGE_ARGUMENTS and isinstance(argument.value, IntValueNode):
                numbers.append(_number(argument.value))
                check_page(numbers[-1], self.limits.page, argument)
            elif argument.name.value in PAGE_ARGUMENTS and isinstance(argument.value, VariableNode):
                variables.append(argument.value.name.value)
        return Page(max(numbers, default=None), tuple(variables), missing)

    def _directives(self, nodes: Iterable[DirectiveNode]) -> int:
        count = 0
        for node in nodes:
            count += 1
            for argument in node.arguments:
                self._check_value(argument.value)
        return count

    def _check_value(self, value: Node | None) -> None:
        """Refuse a value nested too deep, or a text the databases cannot keep."""
        stack = [(value, 1)] if value else []
        while stack:
            node, depth = stack.pop()
            self.result.visits += 1
            if depth > self.limits.value_depth:
                raise refusal("value_too_deep", node, limit=self.limits.value_depth)
            if isinstance(node, StringValueNode) and "\0" in node.value:
                raise refusal("nul_character", node)
            inner = getattr(node, "values", None) or [item.value for item in getattr(node, "fields", None) or ()]
            stack.extend((item, depth + 1) for item in inner)


_NOTHING = Shape()


def _selections(nodes: Iterable[Node]) -> Iterable[Any]:
    """Walk every field, spread and inline fragment written below these nodes, each once."""
    stack = [node for node in nodes if getattr(node, "selection_set", None)]
    while stack:
        for selection in stack.pop().selection_set.selections:  # type: ignore[attr-defined]
            yield selection
            if getattr(selection, "selection_set", None):
                stack.append(selection)


def _fields(type_: GraphQLNamedType | None) -> dict[str, GraphQLField]:
    return type_.fields if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) else {}


def _is_connection(type_: GraphQLNamedType | None) -> bool:
    fields = _fields(type_)
    return "edges" in fields and "pageInfo" in fields


def _nullable(type_: GraphQLOutputType) -> GraphQLOutputType:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _asked_with(node: FieldNode) -> Cost:
    """What a field's arguments cost, whatever is shown; a variable counts also where it turns out to be null."""
    given = (one for one in node.arguments if not isinstance(one.value, NullValueNode))
    return Cost(sum(ARGUMENTS.get((node.name.value, one.name.value), 0) for one in given))


def _number(node: IntValueNode) -> int:
    # Longer than any page: not worth reading digit by digit.
    return int(node.value) if len(node.value) < 10 else CAP
