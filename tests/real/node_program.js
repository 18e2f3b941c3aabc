// What node.exe does under `hmodule run`: a line for each of its parts, in a fixed order.
const crypto = require('crypto'), fs = require('fs'), http = require('http'), os = require('os'), path = require('path');
const { execFileSync, execSync, spawn } = require('child_process');
const { Worker } = require('worker_threads');
const zlib = require('zlib');

const until = (source, event) => new Promise((done) => source.once(event, done));
const allOf = async (stream) => {
  let text = '';
  for await (const part of stream) text += part;
  return text;
};

(async () => {
  console.log('platform', process.platform, process.arch, path.sep, os.EOL === '\r\n');
  console.log('crypto', crypto.createHash('sha256').update('x').digest('hex').slice(0, 16));
  console.log('zlib', zlib.gunzipSync(zlib.gzipSync('packed')).toString());
  console.log('math', [3, 1, 2].sort().join(), (0.1).toFixed(20), new Intl.NumberFormat('de').format(1234.5));

  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'hmodule-'));
  const file = path.join(directory, 'text.txt');
  const watcher = fs.watch(directory);
  const change = until(watcher, 'change');
  await fs.promises.writeFile(file, 'written');
  await change;
  watcher.close();
  await fs.promises.appendFile(file, ' twice');
  console.log('files', fs.readFileSync(file, 'utf8'), fs.statSync(file).size, fs.readdirSync(directory).join());
  fs.rmSync(directory, { recursive: true });
  console.log('files', fs.existsSync(file));

  const server = http.createServer((request, response) => request.pipe(response)).listen(0, '127.0.0.1');
  await until(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', body: 'echo'.repeat(50000) });
  console.log('http', answer.status, (await answer.text()).length);
  server.closeAllConnections();
  server.close();

  const worker = new Worker('require("worker_threads").parentPort.on("message", (m) => { throw new Error(m) })', { eval: true });
  worker.postMessage('from the worker');
  console.log('worker', (await until(worker, 'error')).message);

  console.log('child', execFileSync(process.execPath, ['-p', '6 * 7']).toString().trim());
  const child = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout); process.stdin.on("end", () => process.exitCode = 3)']);
  child.stdin.end('through'.repeat(20000));
  const through = await allOf(child.stdout);
  console.log('child', through.length, await until(child, 'close'));
  console.log('shell', execSync('echo through cmd&& exit /b 0').toString().trim());
  const shell = spawn('echo "%HM_TEXT%" & exit 5', { shell: true, env: { ...process.env, HM_TEXT: 'ü 中' } });
  console.log('shell', (await allOf(shell.stdout)).trim(), await until(shell, 'close'));
  try {
    await until(spawn('no such program'), 'error').then((error) => console.log('child', error.code));
  } finally {
    setTimeout(() => console.log('timer'), 10);
  }
})();
