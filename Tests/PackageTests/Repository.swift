// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The files of the checkout.
enum Repository {
  /// Paths of the files below `folders`; links and hidden files are left out.
  static func files(in folders: [String]) throws -> [String] {
    try folders.flatMap { folder in
      let root = TestData.repository.appending(path: folder)
      let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted()
      return paths.filter { path in
        guard !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) else {
          return false
        }
        let url = root.appending(path: path)
        return (try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) ?? false
      }.map { "\(folder)/\($0)" }
    }
  }

  /// The text of a file, or nil when it is not text.
  static func text(_ path: String) throws -> String? {
    let data = try Data(contentsOf: TestData.repository.appending(path: path))
    return data.contains(0) ? nil : String(data: data, encoding: .utf8)
  }
}
