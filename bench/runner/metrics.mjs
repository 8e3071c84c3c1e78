/** What a measurement yields: its unit, how it is written, which way is better, and whether the document has it. */
const count = (value) => Math.round(value).toLocaleString('en');
const digits = (places) => (value) => value.toFixed(places);
export const significant = (value) =>
  Math.abs(value) >= 1000 ? count(value) : Number(value.toPrecision(3)).toString();

export const metrics = {
  messagesPerSecond: { title: 'messages/s', format: count, better: 'more', documented: true },
  megabytesPerSecond: { title: 'MB/s', format: significant, better: 'more' },
  p50Us: { title: 'p50 µs', format: significant, better: 'less' },
  p99Us: { title: 'p99 µs', format: significant, better: 'less', documented: true },
  p999Us: { title: 'p99.9 µs', format: significant, better: 'less' },
  cpuUs: { title: 'CPU µs/message', format: significant, better: 'less', documented: true },
  jsUs: { title: 'of it JS', format: significant, better: 'less' },
  rssMb: { title: 'RSS MB', format: digits(0), better: 'less' },
  generatorCpu: { title: 'generator', format: (value) => `${(value * 100).toFixed(0)} %` },
  othersCpu: { title: 'others', format: (value) => `${(value * 100).toFixed(0)} %` },
  connections: { title: 'connections', format: count },
  bytesPerConnection: { title: 'bytes each', format: count, better: 'less', documented: true },
  heapBytesPerConnection: { title: 'JS heap', format: count, better: 'less' },
  nativeBytesPerConnection: { title: 'native', format: count, better: 'less' },
  addNs: { title: 'add ns', format: count, better: 'less', documented: true },
  cancelNs: { title: 'cancel ns', format: count, better: 'less', documented: true },
  fireNs: { title: 'fire ns', format: count, better: 'less', documented: true },
  errorP50Us: { title: 'off by p50 µs', format: significant, better: 'less' },
  errorP99Us: { title: 'off by p99 µs', format: significant, better: 'less' },
};
