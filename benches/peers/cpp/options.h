// --name=value on the command line, files, and channels with or without TLS.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

struct Options {
  std::map<std::string, std::string> given;

  Options(int count, char** words) {
    for (int at = 1; at < count; ++at) {
      std::string word = words[at];
      size_t sign = word.find('=');
      if (word.rfind("--", 0) != 0 || sign == std::string::npos) {
        std::fprintf(stderr, "%s is not --name=value\n", word.c_str());
        std::exit(2);
      }
      given[word.substr(2, sign - 2)] = word.substr(sign + 1);
    }
  }
  std::string text(const std::string& name, const std::string& usual = "") const {
    auto found = given.find(name);
    return found == given.end() ? usual : found->second;
  }
  long number(const std::string& name, long usual) const {
    auto found = given.find(name);
    return found == given.end() ? usual : std::atol(found->second.c_str());
  }
  double real(const std::string& name, double usual) const {
    auto found = given.find(name);
    return found == given.end() ? usual : std::atof(found->second.c_str());
  }
};

inline std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}
