from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """Where the index changes from one way to another. Costs are microseconds on one core, measured in ADR 0003."""

    least_graph: int = 4_096
    """Live rows from which on there is a graph: fewer are compared one by one about as fast."""
    row_cost: float = 0.15
    """Comparing one row."""
    graph_cost: float = 60.0
    """Asking the graph at all."""
    neighbour_cost: float = 1.7
    """Each neighbour asked for."""
    least_fetch: int = 48
    """Neighbours asked of the graph at least."""
    least_unsaved: int = 16_384
    """Nodes after which the graph is written to a file anew; at least a quarter of what was written before."""
    worth_saving: int = 1_024
    """The same when closing: fewer are linked again in less than a second."""
    background: int = 1_024
    """Rows not in the graph after opening from which on a thread links them instead of the next writes alone."""
