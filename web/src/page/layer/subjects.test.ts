import { beforeAll, describe, expect, test } from 'vitest'
import type { Manifest } from '../../run/manifest'
import { openFixture } from '../../testing/fixture'
import { tensorOf } from '../../testing/tensors'
import { find, subjectsOf, type Subject } from './subjects'

let manifest: Manifest

beforeAll(async () => {
  const read = (await openFixture('packed')).manifest
  const state = { role: 'optimizer' as const, shape: [10] }
  manifest = {
    ...read,
    tensors: [
      ...read.tensors,
      tensorOf({ ...state, name: 'fc.bias/exp_avg' }),
      tensorOf({ ...state, name: 'fc.bias2/exp_avg' }),
    ],
  }
})

function words(subjects: readonly Subject[]): string[] {
  return subjects.map(({ title, aspects }) => `${title}: ${aspects.map((aspect) => aspect.title).join(', ')}`)
}

describe('what can be looked at', () => {
  test('of a node are its weights, each with its gradient, and what it made', () => {
    expect(words(subjectsOf(manifest, 'conv'))).toEqual(['weight: values, gradient', 'activation: values'])
  })

  test('of a node in another place than its weights are those under their whole name', () => {
    expect(words(subjectsOf(manifest, 'head.fc'))).toEqual([
      'fc.weight: values, gradient',
      'fc.bias: values, exp_avg',
    ])
  })

  test('of a closed group are the largest weights inside', () => {
    expect(words(subjectsOf(manifest, 'head/'))).toEqual(['fc.weight: values, gradient'])
  })

  test('of a second call of a module are those of the module', () => {
    const { graph } = manifest
    const [conv] = graph.nodes.filter(({ id }) => id === 'conv')
    const twice = conv ? [...graph.nodes, { ...conv, id: 'conv#2' }] : []
    const subjects = subjectsOf({ ...manifest, graph: { ...graph, nodes: twice } }, 'conv#2')
    expect(words(subjects)).toEqual(['weight: values, gradient'])
  })

  test('of what is not there, or owns nothing, is nothing', () => {
    expect([
      ...subjectsOf(manifest, 'nowhere'),
      ...subjectsOf(manifest, 'x/'),
      ...subjectsOf(manifest, 'input'),
    ]).toEqual([])
  })

  test('is found by the key of a tensor, or is the first there is', () => {
    const subjects = subjectsOf(manifest, 'conv')
    expect(find(subjects, 'gradient/conv.weight')?.aspect.title).toBe('gradient')
    expect(find(subjects, 'activation/conv')?.subject.title).toBe('activation')
    expect(find(subjects, 'weight/elsewhere')?.aspect.tensor.key).toBe('weight/conv.weight')
    expect(find([], 'x')).toBeNull()
  })
})
