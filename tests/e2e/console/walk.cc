// std::filesystem: making, copying, renaming, linking, sizes, times, errors, paths.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

static void write(const fs::path& name, const std::string& text) {
  std::ofstream(name, std::ios::binary) << text;
}
static std::string read(const fs::path& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
template <typename Action>
static std::string error_of(Action action) {
  try {
    action();
    return "none";
  } catch (const fs::filesystem_error& error) {
    return error.code() == std::errc::no_such_file_or_directory ? "no such file"
           : error.code() == std::errc::file_exists             ? "file exists"
           : error.code() == std::errc::not_a_directory         ? "not a directory"
                                                                : "other";
  }
}

int main() {
  std::cout << std::boolalpha;
  std::cout << "create: " << fs::create_directory("a") << ' ' << fs::create_directory("a") << ' '
            << fs::create_directories("b/c/d") << '\n';
  write("a/one", "1");
  write("a/two", "22");
  write("b/c/d/deep", "333");
  std::cout << "exists: " << fs::exists("a/one") << ' ' << fs::exists("a/none") << ' ' << fs::is_directory("b/c") << ' '
            << fs::is_empty("a") << '\n';
  std::cout << "size: " << fs::file_size("a/two") << ' ' << error_of([] { (void)fs::file_size("nosuch"); }) << '\n';
  std::cout << "copy_file: " << fs::copy_file("a/one", "a/copy") << ' ' << read("a/copy") << ' '
            << error_of([] { fs::copy_file("a/one", "a/copy"); }) << '\n';
  fs::copy("b", "e", fs::copy_options::recursive);
  std::cout << "copy: " << read("e/c/d/deep") << '\n';
  fs::rename("e", "f");
  std::cout << "rename: " << fs::exists("f/c/d/deep") << ' ' << fs::exists("e") << '\n';
  fs::rename("a/one", "a/two");
  std::cout << "rename-over: " << read("a/two") << '\n';
  std::cout << "remove: " << fs::remove("a/copy") << ' ' << fs::remove("a/copy") << '\n';
  fs::resize_file("a/two", 10);
  std::cout << "resize: " << fs::file_size("a/two") << '\n';
  const auto stamp = fs::last_write_time("a/two");
  fs::last_write_time("a/two", stamp - std::chrono::hours(24));
  std::cout << "time: " << (stamp - fs::last_write_time("a/two") == std::chrono::hours(24)) << '\n';
  fs::create_hard_link("a/two", "a/link");
  std::cout << "links: " << fs::equivalent("a/two", "a/link") << '\n';
  int entries = 0, depth = 0;
  for (auto at = fs::recursive_directory_iterator("."); at != fs::recursive_directory_iterator(); ++at) {
    ++entries;
    depth = std::max(depth, at.depth());
  }
  std::cout << "walk: " << entries << ' ' << depth << '\n';
  std::cout << "remove_all: " << fs::remove_all("f") << ' ' << fs::remove_all("f") << '\n';
  const fs::path here = fs::current_path();
  fs::current_path("b/c");
  std::cout << "current: " << fs::current_path().filename().string() << ' '
            << fs::relative("d/deep", here).generic_string() << '\n';
  std::cout << "absolute: " << (fs::absolute("x") == fs::current_path() / "x") << ' '
            << (fs::weakly_canonical("d/../y") == fs::weakly_canonical(".") / "y") << '\n';
  fs::current_path(here);
  const fs::path parts("dir/sub/file.tar.gz");
  std::cout << "parts: " << parts.stem().string() << ' ' << parts.extension().string() << ' '
            << parts.parent_path().generic_string() << ' ' << parts.filename().string() << '\n';
  std::cout << "normal: " << fs::path("a/./b/../c//d").lexically_normal().generic_string() << ' '
            << fs::path("a/b/c").lexically_relative("a/d").generic_string() << '\n';
  std::error_code code;
  (void)fs::file_size("nosuch/at/all", code);
  std::cout << "code: " << (code == std::errc::no_such_file_or_directory) << '\n';
  const fs::space_info space = fs::space(".");
  std::cout << "space: " << (space.capacity > 0 && space.available <= space.capacity) << '\n';
  fs::permissions("a/two", fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write,
                  fs::perm_options::remove);
  std::cout << "permissions: " << ((fs::status("a/two").permissions() & fs::perms::owner_write) == fs::perms::none)
            << '\n';
  fs::permissions("a/two", fs::perms::owner_write, fs::perm_options::add);
  std::cout << "temporary: " << fs::is_directory(fs::temp_directory_path()) << '\n';
}
