import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXTRAS, formatAddress, parseAddress, START, type Address } from './address'
import { LOOKS } from './look'
import { VIEWS } from './views'

/** Names as people and PyTorch give them. */
const path = fc.string({ unit: 'grapheme', maxLength: 12 })

const addresses: fc.Arbitrary<Address> = fc
  .record({
    lab: fc.option(path),
    run: fc.string({ unit: 'grapheme', maxLength: 12 }),
    frame: fc.option(fc.nat(999_999_999)),
    probe: fc.nat(99),
    node: path,
    tensor: path,
    open: fc.option(fc.array(path.filter(Boolean), { maxLength: 4 })),
    view: fc.constantFrom(...VIEWS.map(({ name }) => name)),
    look: fc.constantFrom(...LOOKS),
    skin: fc.nat(999_999_999),
    more: fc.dictionary(fc.constantFrom(...EXTRAS), path.filter(Boolean)),
    theme: fc.constantFrom('light' as const, 'dark' as const, null),
  })
  .map((address) => ({
    ...address,
    tensor: address.node ? address.tensor : '',
    skin: address.look === 'skin' ? address.skin : 0,
  }))

describe('the address', () => {
  test('gives every state back', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(parseAddress(formatAddress(address))).toEqual(address)
      }),
      { numRuns: 200 },
    )
  })

  test('gives every state back through a browser, which may encode it again', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        const { hash } = new URL(`http://127.0.0.1/${formatAddress(address)}`)
        expect(parseAddress(hash)).toEqual(address)
      }),
    )
  })

  test('as the page starts is empty', () => {
    expect(formatAddress(START)).toBe('')
    expect(parseAddress('')).toEqual(START)
    expect(parseAddress('#')).toEqual(START)
  })

  test('stays readable', () => {
    const node = 'layer1.0/relu#2'
    const address = {
      ...START,
      run: 'bears',
      frame: 12,
      node,
      open: ['layer1', 'layer1.0'],
      look: 'start' as const,
    }
    expect(formatAddress(address)).toBe(
      '#run=bears&frame=12&node=layer1.0/relu%232&open=layer1&open=layer1.0&look=start',
    )
  })

  test('takes a comma in the name of a module for a part of it', () => {
    const address = { ...START, run: 'a', open: ['heads.cat,dog', 'heads'] }
    expect(parseAddress(formatAddress(address))).toEqual(address)
  })

  test('tells that nothing is open from that the page opens by itself', () => {
    expect(parseAddress('#open=').open).toEqual([])
    expect(parseAddress('#run=a').open).toBeNull()
  })

  test.each(['-1', '1.5', '1e3', 'NaN', '', ' 3', '9999999999', '0x10', '٣'])(
    'with the frame "%s" is that of the newest',
    (frame) => {
      expect(parseAddress(`#frame=${encodeURIComponent(frame)}`).frame).toBeNull()
    },
  )

  test('leaves out what it does not understand', () => {
    const hash = '#view=map&theme=blue&look=yes&probe=-3&smell=red&run=a&run=b&=&&'
    expect(parseAddress(hash)).toEqual({ ...START, run: 'a' })
    expect(parseAddress('#%E0%A4%A')).toEqual(START)
  })

  test('is written even where a name is no proper text', () => {
    expect(formatAddress({ ...START, run: 'caf\udce9' })).toBe('#run=caf%EF%BF%BD')
  })

  test('is read whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (hash) => {
        const address = parseAddress(hash)
        expect(parseAddress(formatAddress(address))).toEqual(
          address.node ? address : { ...address, tensor: '' },
        )
      }),
    )
  })
})
