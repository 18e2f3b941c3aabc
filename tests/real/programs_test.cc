// Console programs of others under `hmodule run`: Node.js (C++), esbuild (Go), ripgrep (Rust), FFmpeg (C, by GCC), and
// System32's commands.
#include "program.h"
#include "real_dll.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace {

TEST(NodeProgram, HasItsWholeLibrary) {
  NEED("node.exe");
  const Outcome outcome = run("node.exe " SOURCES "/node_program.js");
  EXPECT_EQ(outcome.output,
            "platform win32 x64 \\ true\n"
            "crypto 2d711642b726b044\n"
            "zlib packed\n"
            "math 1,2,3 0.10000000000000000555 1.234,5\n"
            "files written twice 13 text.txt\n"
            "files false\n"
            "http 200 200000\n"
            "worker from the worker\n"
            "child 42\n"
            "child 140000 3\n"
            "shell through cmd\n"
            "shell \"ü 中\" 5\n"
            "child ENOENT\n"
            "timer\n");
  EXPECT_EQ(outcome.status, 0);
}

TEST(NodeProgram, SendsDatagramsResolvesNamesAndSharesPipes) {
  NEED("node.exe");
  const Outcome outcome = run("node.exe " SOURCES "/node_sockets.js");
  EXPECT_EQ(outcome.output,
            "datagram echo datagram\n"
            "resolver 10.1.2.3\n"
            "pipe 5\n");
  EXPECT_EQ(outcome.status, 0);
}

// Its imports of node.exe are those of the program that loads it.
TEST(NodeProgram, LoadsAnAddOn) {
  NEED("node.exe");
  NEED("zstd.win32-x64-msvc.node");
  const Outcome outcome =
      run("node.exe -e \""
          "const zstd = require('" REAL_DLLS
          "/zstd.win32-x64-msvc.node');"
          "zstd.compress(Buffer.from('squeeze'.repeat(1000)), 3).then(async (small) => "
          "console.log(small.length < 100, (await zstd.decompress(small)).toString().length))\"");
  EXPECT_EQ(outcome.output, "true 7000\n");
  EXPECT_EQ(outcome.status, 0);
}

TEST(NodeProgram, EndsWithTheStatusOfAnError) {
  NEED("node.exe");
  const Outcome outcome = run("node.exe -e \"throw new RangeError('too far')\"");
  EXPECT_NE(outcome.output.find("RangeError: too far"), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.status, 1);
}

// What a lossless codec gives back has the sums of what it was given; the lossy ones have to be read again, too. With
// threads in the codecs, DirectShow looked for and not found.
TEST(CodecProgram, EncodesAndDecodes) {
  NEED("ffmpeg.exe");
  const std::filesystem::path directory = testing::TempDir() + "hmodule-ffmpeg";
  std::filesystem::create_directories(directory);
  const std::string ffmpeg = "ffmpeg.exe -hide_banner -loglevel error -nostdin -y ";
  const std::string source = "-f lavfi -i testsrc=duration=1:size=320x180:rate=25 -f lavfi -i sine=duration=1 ";
  const auto sum = [&](const std::string& input) { return run(ffmpeg + input + " -f md5 -").output; };
  const auto file = [&](const char* name) { return (directory / name).string(); };

  const Outcome lossless =
      run(ffmpeg + source + "-c:v ffv1 -pix_fmt yuv420p -c:a flac -strict -2 " + file("lossless.mkv"));
  EXPECT_EQ(lossless.output, "");
  EXPECT_EQ(lossless.status, 0);
  const std::string video = sum(source + "-map 0:v -c:v rawvideo -pix_fmt yuv420p");
  EXPECT_EQ(video.substr(0, 4), "MD5=");
  EXPECT_EQ(sum("-i " + file("lossless.mkv") + " -map 0:v -c:v rawvideo"), video);
  EXPECT_EQ(sum("-i " + file("lossless.mkv") + " -map 0:a -c:a pcm_s16le"), sum(source + "-map 1:a -c:a pcm_s16le"));

  for (const char* codecs : {"-c:v libx264 -c:a aac -pix_fmt yuv420p ", "-c:v libx265 -x265-params log-level=0 -an "}) {
    const Outcome lossy = run(ffmpeg + source + codecs + file("lossy.mp4"));
    EXPECT_EQ(lossy.status, 0) << codecs << lossy.output;
    const Outcome frames = run(ffmpeg + "-i " + file("lossy.mp4") + " -map 0:v -f framemd5 -");
    EXPECT_NE(frames.output.find("0,         24,         24,"), std::string::npos) << codecs << frames.output;
  }
  const Outcome device = run(ffmpeg + "-f dshow -list_devices true -i dummy");
  EXPECT_NE(device.output.find("Could not"), std::string::npos) << device.output;
  EXPECT_EQ(device.status, 1);
  std::filesystem::remove_all(directory);
}

TEST(GoProgram, TransformsItsStandardInput) {
  NEED("esbuild.exe");
  const Outcome outcome =
      run("esbuild.exe --loader=ts --minify", "echo 'let answer: number = 40 + 2; print(answer)' | ");
  EXPECT_EQ(outcome.output, "let answer=42;print(answer);\n");
  EXPECT_EQ(outcome.status, 0);
  const Outcome wrong = run("esbuild.exe --loader=ts", "echo 'let = ;' | ");
  EXPECT_NE(wrong.output.find("error"), std::string::npos) << wrong.output;
  EXPECT_EQ(wrong.status, 1);
}

TEST(RustProgram, SearchesATreeWithThreads) {
  NEED("rg.exe");
  const std::filesystem::path tree = testing::TempDir() + "hmodule-rg";
  std::filesystem::create_directories(tree / "Sub");
  for (int i = 0; i < 50; ++i)
    std::ofstream(tree / "Sub" / (std::to_string(i) + ".txt")) << "line\nneedle " << i << "\n";
  const Outcome outcome = run("rg.exe --sort path -n 'needle 4[02]$' " + tree.string());
  EXPECT_NE(outcome.output.find("40.txt:2:needle 40\n"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("42.txt:2:needle 42\n"), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(run("rg.exe nothing_like_it " + tree.string()).status, 1);
  std::filesystem::remove_all(tree);
}

// By their Windows paths; what they print is UTF-8 wherever it goes.
TEST(System32Program, AreStartedByTheirWindowsPaths) {
  if (!std::filesystem::exists(SYSTEM32 "/cmd.exe")) GTEST_SKIP() << "no cmd.exe in System32";
  const Outcome echo = run_any("'C:\\Windows\\System32\\cmd.exe' /c 'echo ü& exit 7'");
  EXPECT_EQ(echo.output, "ü\n");
  EXPECT_EQ(echo.status, 7);
  EXPECT_EQ(run_any("'c:\\windows\\system32\\FIND.EXE' needle", "printf 'hay\\r\\na needle\\r\\n' | ").output,
            "a needle\n");
  EXPECT_EQ(run_any("'C:\\no\\such.exe'").status, 126);
}

// In quotes for the shell.
std::string windows(const std::filesystem::path& path) {
  std::string name = "Z:" + path.string();
  std::replace(name.begin(), name.end(), '/', '\\');
  return "'" + name + "'";
}

TEST(System32Program, CopyTreesAndSayWhoAndWhere) {
  if (!std::filesystem::exists(SYSTEM32 "/xcopy.exe")) GTEST_SKIP() << "no xcopy.exe in System32";
  const std::string system = "'C:\\Windows\\System32\\'";
  const std::filesystem::path tree = testing::TempDir() + "hmodule-xcopy", copied = tree / "to/deep/file.txt";
  std::filesystem::remove_all(tree);
  std::filesystem::create_directories(tree / "from/deep");
  std::ofstream(tree / "from/deep/file.txt") << "copied";
  const Outcome copy =
      run_any(system + "cmd.exe /c xcopy /e /i /y " + windows(tree / "from") + " " + windows(tree / "to"));
  EXPECT_NE(copy.output.find("1 file(s) copied"), std::string::npos) << copy.output;
  EXPECT_TRUE(std::filesystem::exists(copied));
  EXPECT_NE(run_any(system + "cmd.exe /c attrib " + windows(copied)).output.find("file.txt"), std::string::npos);
  std::filesystem::remove_all(tree);
  EXPECT_EQ(run_any(system + "hostname.exe").status, 0);
  EXPECT_NE(run_any(system + "whoami.exe").output.find('\\'), std::string::npos);
  const Outcome query = run_any(system + "reg.exe query 'HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion'");
  EXPECT_NE(query.output.find("CurrentMajorVersionNumber"), std::string::npos) << query.output;
}

}  // namespace
