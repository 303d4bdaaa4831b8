"""Giving the kernels of an optimised model back to the nodes of the original."""

import re
import unittest

import programs  # noqa: F401  (makes the package importable)

from allot.profiling.fusion_map import attribute_times, clue_shares, map_fusion
from allot.profiling.onnx_graph import Graph, Node


def parse(text):
    """"name: Op a b -> c" as a node."""
    name, op_type, inputs, outputs = re.match(r'(.*?): (\S+)(.*)->(.*)$', text).groups()
    words = [['' if word == '-' else word for word in part.split()] for part in (inputs, outputs)]
    return Node(name, op_type, inputs=words[0], outputs=words[1])


def graph(inputs, outputs, initializers, *nodes):
    return Graph([parse(node) for node in nodes], inputs.split(), outputs.split(), initializers.split())


CONV = graph('x', 'y', 'w s', 'conv: Conv x w -> c', 'bn: BatchNormalization c s -> b', 'relu: Relu b -> r', 'pool: MaxPool r -> y')


class FusionMap(unittest.TestCase):
    def attribute(self, original, optimised, times):
        """What became of each node, by label, and how each kernel was attributed; `times` is that of each kernel."""
        found = map_fusion(original, optimised)
        rows = attribute_times(original, found, times)
        self.assertEqual(sum(row.time for row in rows), sum(times), 'time was lost')
        for row in rows:
            if row.status != 'kernel':
                self.assertEqual(row.time, 0)
            if row.status == 'fused':
                self.assertEqual(rows[row.into].status, 'kernel')
        texts = {row.label: f'in {rows[row.into].label}' if row.status == 'fused' else f'{row.status} {row.time:g}' for row in rows}
        return texts, found.clues, found

    def test_a_by_the_tensor_that_a_kernel_gives_and_what_leads_to_it_is_fused(self):
        optimised = graph('x', 'y', 'w2', 'conv: FusedConv x w2 -> r', 'pool: MaxPool r -> y')
        rows, clues, _ = self.attribute(CONV, optimised, [5, 2])
        self.assertEqual(rows, {'conv': 'in relu', 'bn': 'in relu', 'relu': 'kernel 5', 'pool': 'kernel 2'})
        self.assertEqual(clues, ['output', 'output'])

    def test_b_by_the_blocked_layout_of_a_tensor_and_e_reorders_by_what_they_serve(self):
        rows, clues, found = self.attribute(CONV, graph('x', 'y', 'w2', 'ReorderInput: ReorderInput x -> t0',
                                            'r_nchwc: Conv t0 w2 -> t1', 'y_nchwc: MaxPool t1 -> t2', 'ReorderOutput: ReorderOutput t2 -> y'),
                                            [1, 5, 2, 4])
        self.assertEqual(rows, {'conv': 'in relu', 'bn': 'in relu', 'relu': 'kernel 6', 'pool': 'kernel 6'})
        self.assertEqual(clues, ['neighbour', 'form', 'form', 'output'])
        self.assertEqual(clue_shares(found, [1, 5, 2, 4]), {'output': 4 / 12, 'form': 5 / 12 + 2 / 12, 'name': 0, 'prefix': 0, 'neighbour': 1 / 12})

    def test_b_by_the_float32_form_of_a_float16_tensor(self):
        rows, clues, _ = self.attribute(
            graph('x', 'y', 'w', ': MatMul x w -> m', ': Relu m -> r', ': Tanh r -> y'),
            graph('x', 'y', 'w', 'cast: Cast x -> InsertedPrecisionFreeCast_x',
                  'fused: FusedGemm InsertedPrecisionFreeCast_x w -> InsertedPrecisionFreeCast_r',
                  ': Tanh InsertedPrecisionFreeCast_r -> InsertedPrecisionFreeCast_y', 'back: Cast InsertedPrecisionFreeCast_y -> y'),
            [1, 8, 2, 4])
        self.assertEqual(rows, {'MatMul#0': 'in Relu#1', 'Relu#1': 'kernel 9', 'Tanh#2': 'kernel 6'})
        self.assertEqual(clues, ['neighbour', 'form', 'form', 'output'])

    def test_c_by_the_name_of_a_node_whose_result_has_another_name_now(self):
        rows, clues, _ = self.attribute(graph('x', 'y', '', 'cat: Concat x x -> c', 'neg: Neg c -> y'),
                                        graph('x', 'y', '', 'cat: Concat x x -> token', 'neg: Neg token -> y'), [3, 1])
        self.assertEqual(rows, {'cat': 'kernel 3', 'neg': 'kernel 1'})
        self.assertEqual(clues, ['name', 'output'])

    def test_d_by_a_name_that_begins_with_that_of_a_node_the_longest_of_them(self):
        original = graph('x', 'y', 'w', '/l: Neg x -> n', '/l/mm: MatMul n w -> m', 'end: Neg m -> y')
        rows, clues, _ = self.attribute(original, graph('x', 'y', 'w', '/l: Neg x -> n', '/l/mm/Fusion: Gemm n w -> g',
                                        'reshape: Reshape g -> g2', 'end: Neg g2 -> y'), [1, 7, 2, 1])
        self.assertEqual(rows, {'/l': 'kernel 1', '/l/mm': 'kernel 7', 'end': 'kernel 3'})
        self.assertEqual(clues, ['output', 'prefix', 'neighbour', 'output'])

    def test_e_by_the_producer_where_nothing_consumes_and_alone_where_nothing_is_in_common(self):
        rows, clues, _ = self.attribute(graph('x', 'y', '', 'a: Neg x -> y'),
                                        graph('x', 'y', '', 'a: Neg x -> y', 'copy: Copy y -> z', 'lone: Lone -> q'), [1, 2, 4])
        self.assertEqual(rows, {'a': 'kernel 7'})
        self.assertEqual(clues, ['output', 'neighbour', 'neighbour'])

    def test_constants_that_feed_many_kernels_do_not_tie_them_together(self):
        original = graph('x', 'y', 'k', 'half: Mul k k -> h', 'shift: Add h k -> s', 'a: Add x s -> a', 'b: Add a s -> y')
        rows, _, _ = self.attribute(original, graph('x', 'y', 's', 'a: Add x s -> a', 'b: Add a s -> y'), [1, 2])
        self.assertEqual(rows, {'half': 'folded 0', 'shift': 'folded 0', 'a': 'kernel 1', 'b': 'kernel 2'})

    def test_a_chain_that_was_folded_into_one_weight_is_folded_under_whatever_name(self):
        original = graph('x', 'y', 'k', 'half: Mul k k -> h', 'shift: Add h k -> s', 'a: Add x s -> y')
        for name in ('s', 's_transposed'):
            rows, _, _ = self.attribute(original, graph('x', 'y', name, f'a: Add x {name} -> y'), [1])
            self.assertEqual(rows, {'half': 'folded 0', 'shift': 'folded 0', 'a': 'kernel 1'})

    def test_a_shape_that_became_a_weight_is_folded_though_it_comes_from_an_input(self):
        original = graph('x', 'y', 'i', 'neg: Neg x -> n', 'shape: Shape n -> s', 'pick: Gather s i -> d', 'view: Reshape n d -> y')
        rows, _, _ = self.attribute(original, graph('x', 'y', 'd', 'neg: Neg x -> n', 'view: Reshape n d -> y'), [3, 1])
        self.assertEqual(rows, {'neg': 'kernel 3', 'shape': 'folded 0', 'pick': 'folded 0', 'view': 'kernel 1'})

    def test_quantized_weights_that_a_kernel_takes_as_they_are_belong_to_it(self):
        original = graph('x', 'y', 'w8 s', 'dx: DequantizeLinear x s -> xf', 'dw: DequantizeLinear w8 s -> wf', 'conv: Conv xf wf -> c',
                         'q: QuantizeLinear c s -> y')
        rows, _, _ = self.attribute(original, graph('x', 'y', 'w8 s', 'conv: QLinearConv x s w8 s -> y'), [9])
        self.assertEqual(rows, {'dx': 'in q', 'dw': 'in q', 'conv': 'in q', 'q': 'kernel 9'})

    def test_what_was_removed_and_served_several_kernels_is_folded_unless_a_kernel_carries_its_name(self):
        original = graph('x', 'y z', '', 'a: Neg x -> a', 'same: Identity a -> s', 'b: Neg s -> y', 'c: Abs s -> z')
        rows, _, _ = self.attribute(original, graph('x', 'y z', '', 'a: Neg x -> a', 'b: Neg a -> y', 'c: Abs a -> z'), [1, 2, 3])
        self.assertEqual(rows, {'a': 'kernel 1', 'same': 'folded 0', 'b': 'kernel 2', 'c': 'kernel 3'})
        # The producer took the name of the identity's result: its own tensor is gone, its name tells.
        moved = graph('x', 's z', '', 'a: Neg x -> a', 'same: Identity a -> s', 'c: Abs a -> z')
        rows, _, _ = self.attribute(moved, graph('x', 's z', '', 'a: Neg x -> s', 'c: Abs s -> z'), [1, 3])
        self.assertEqual(rows, {'a': 'in same', 'same': 'kernel 1', 'c': 'kernel 3'})

    def test_a_kernel_of_several_results_belongs_to_the_last_one(self):
        rows, _, _ = self.attribute(graph('x', 'n s', 'b', 'add: Add x b -> s', 'norm: LayerNormalization s b -> n'),
                                    graph('x', 'n s', 'b', 'skip: SkipLayerNormalization x b -> n - - s'), [6])
        self.assertEqual(rows, {'add': 'in norm', 'norm': 'kernel 6'})

    def test_bodies_use_what_they_capture_and_dead_nodes_are_folded(self):
        original = graph('x c', 'y', '', 'a: Neg x -> a', 'dead: Abs a -> q', 'if: If c -> y')
        original.nodes[2].captures = ['a']
        optimised = graph('x c', 'y', '', 'if: If c -> y')
        optimised.nodes[0].captures = ['x']
        rows, _, _ = self.attribute(original, optimised, [4])
        self.assertEqual(rows, {'a': 'in if', 'dead': 'folded 0', 'if': 'kernel 4'})

    def test_empty_graphs_and_cycles_do_no_harm(self):
        empty = graph('', '', '')
        self.assertEqual(self.attribute(empty, empty, [])[0], {})
        self.assertEqual(map_fusion(empty, graph('', '', '', 'a: A -> b')).anchors, [-1])
        cycle = graph('', '', '', 'a: A u -> v', 'b: B v -> u')
        self.assertEqual(self.attribute(cycle, empty, [])[0], {'a': 'folded 0', 'b': 'folded 0'})
