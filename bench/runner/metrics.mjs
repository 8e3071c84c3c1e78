/** What a measurement yields: its unit, how it is written, and which way is better. */
const count = (value) => Math.round(value).toLocaleString('en');
const digits = (places) => (value) => value.toFixed(places);
export const significant = (value) =>
  Math.abs(value) >= 1000 ? count(value) : Number(value.toPrecision(3)).toString();

export const metrics = {
  messagesPerSecond: { title: 'messages/s', format: count, better: 'more' },
  megabytesPerSecond: { title: 'MB/s', format: significant, better: 'more' },
  p50Us: { title: 'p50 µs', format: significant, better: 'less' },
  p99Us: { title: 'p99 µs', format: significant, better: 'less' },
  p999Us: { title: 'p99.9 µs', format: significant, better: 'less' },
  cpuUs: { title: 'CPU µs/message', format: digits(3), better: 'less' },
  jsUs: { title: 'of it JS', format: digits(3), better: 'less' },
  rssMb: { title: 'RSS MB', format: digits(0), better: 'less' },
  generatorCpu: { title: 'generator', format: (value) => `${(value * 100).toFixed(0)} %` },
  othersCpu: { title: 'others', format: (value) => `${(value * 100).toFixed(0)} %` },
  connections: { title: 'connections', format: count },
  bytesPerConnection: { title: 'bytes each', format: count, better: 'less' },
  heapBytesPerConnection: { title: 'JS heap', format: count, better: 'less' },
  nativeBytesPerConnection: { title: 'native', format: count, better: 'less' },
  addNs: { title: 'add ns', format: count, better: 'less' },
  cancelNs: { title: 'cancel ns', format: count, better: 'less' },
  fireNs: { title: 'fire ns', format: count, better: 'less' },
  errorP50Us: { title: 'off by p50 µs', format: significant, better: 'less' },
  errorP99Us: { title: 'off by p99 µs', format: significant, better: 'less' },
};
