// What node.exe does with datagrams, with a name server of its own (c-ares polls), and with a named pipe that another
// node.exe opens: a line for each, in a fixed order.
const dgram = require('dgram'), dns = require('dns'), net = require('net');
const { spawn } = require('child_process');

const until = (source, event) => new Promise((done) => source.once(event, done));

(async () => {
  const server = dgram.createSocket('udp4').bind(0, '127.0.0.1'), client = dgram.createSocket('udp4');
  await until(server, 'listening');
  server.once('message', (message, from) => server.send('echo ' + message, from.port, from.address));
  client.send('datagram', server.address().port, '127.0.0.1');
  console.log('datagram', (await until(client, 'message')).toString());
  client.close();

  server.on('message', (query, from) => {
    let end = 12;  // of the question
    while (query[end] !== 0) end += query[end] + 1;
    const answer = Buffer.concat([query.subarray(0, end + 5), Buffer.from([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 2, 3])]);
    answer.writeUInt16BE(0x8180, 2);  // flags; then one question, one answer, nothing more
    answer.writeUInt16BE(1, 6);
    answer.writeUInt16BE(0, 10);
    server.send(answer, from.port, from.address);
  });
  const resolver = new dns.promises.Resolver();
  resolver.setServers(['127.0.0.1:' + server.address().port]);
  console.log('resolver', (await resolver.resolve4('hmodule.example')).join());
  server.close();

  const name = `\\\\.\\pipe\\hmodule-${process.pid}`;
  const pipe = net.createServer((stream) => stream.pipe(stream)).listen(name);
  await until(pipe, 'listening');
  const child = spawn(process.execPath, ['-e', `
    const stream = require('net').connect(${JSON.stringify(name)}, () => stream.end('through'.repeat(20000)));
    let size = 0;
    stream.on('data', (part) => size += part.length).on('close', () => process.exitCode = size === 140000 ? 5 : 6);`]);
  console.log('pipe', await until(child, 'close'));
  pipe.close();
})();
