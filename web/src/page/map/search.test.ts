import { describe, expect, test } from 'vitest'
import type { Graph } from '../../run/graph'
import { nodeOf } from '../../testing/graphs'
import { find, indexOf } from './search'

const group = { type: 'Block', layer: 0, lane: 0, like: '' }
const graph: Graph = {
  nodes: [
    nodeOf('conv1', { type: 'Conv2d', tensors: ['conv1.weight'] }),
    nodeOf('layer1.0.conv1', { type: 'Conv2d', group: 'layer1.0', tensors: ['layer1.0.conv1.weight'] }),
    nodeOf('layer1.0/add', { type: 'add', kind: 'function', group: 'layer1.0' }),
    nodeOf('fc', { type: 'Linear', tensors: ['fc.weight', 'fc.bias'] }),
  ],
  groups: [
    { ...group, path: 'layer1', group: '' },
    { ...group, path: 'layer1.0', group: 'layer1' },
  ],
  edges: [],
  partial: '',
}
const index = indexOf(graph)
const names = (query: string) => find(index, query).map(({ id }) => id)

describe('what is found', () => {
  test('has the whole name first, then its ends, its parts, and what lies anywhere', () => {
    expect(names('conv1')).toEqual(['conv1', 'layer1.0.conv1'])
    expect(names('layer1')).toEqual(['layer1/', 'layer1.0/', 'layer1.0.conv1', 'layer1.0/add'])
    expect(names('onv')).toEqual(['conv1', 'layer1.0.conv1'])
  })

  test('is found by type and by tensor, in any case, and has to have every word', () => {
    expect(names('LINEAR')).toEqual(['fc'])
    expect(names('fc.bias')).toEqual(['fc'])
    expect(names('layer1 conv2d')).toEqual(['layer1.0.conv1'])
    expect(names('layer1 linear')).toEqual([])
  })

  test('names the groups that have to be open, outer ones first', () => {
    expect(find(index, 'add')[0]?.groups).toEqual(['layer1', 'layer1.0'])
    expect(find(index, 'layer1.0')[0]).toMatchObject({ id: 'layer1.0/', groups: ['layer1'] })
  })

  test('is everything where nothing is typed', () => {
    expect(names('  ')).toHaveLength(6)
  })

  test('of a thousand nodes comes at once', () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => nodeOf(`h.${i}.mlp`, { type: 'Linear' }))
    const many = indexOf({ ...graph, nodes })
    const before = performance.now()
    for (const query of ['m', 'ml', 'mlp', '7.mlp', 'h 77', 'linear 99']) find(many, query)
    expect(performance.now() - before).toBeLessThan(500)
    expect(find(many, '777')[0]?.id).toBe('h.777.mlp')
  })
})
