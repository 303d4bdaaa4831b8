# ALLOT_LAYOUT_LIBRARY: a copy, with its licence in front, of the library that lays out the report's graph. The version
# is checked, so that the same sources always write the same page.
set(ALLOT_LAYOUT_FOLDER ${CMAKE_SOURCE_DIR}/lowering/emitters/report/layout_library/node_modules/@dagrejs/dagre/dist
    CACHE PATH "Folder with dagre.min.js and its licence")
set(ALLOT_LAYOUT_SHA256 54a503e346f93ca0bb10abe7999587e037262935687aca45eb4e4b0f64bbb578)
if(NOT EXISTS ${ALLOT_LAYOUT_FOLDER}/dagre.min.js)
  message(FATAL_ERROR "The library that lays out the report's graph is not there: run .ci/install.sh, or give its "
                      "folder with -DALLOT_LAYOUT_FOLDER=DIR (@dagrejs/dagre, dist/)")
endif()
file(SHA256 ${ALLOT_LAYOUT_FOLDER}/dagre.min.js found)
if(NOT found STREQUAL ALLOT_LAYOUT_SHA256)
  message(FATAL_ERROR "${ALLOT_LAYOUT_FOLDER}/dagre.min.js is not of the version in "
                      "lowering/emitters/report/layout_library/package.json: run .ci/install.sh")
endif()
file(READ ${ALLOT_LAYOUT_FOLDER}/dagre.min.js.LEGAL.txt licence)
file(READ ${ALLOT_LAYOUT_FOLDER}/dagre.min.js library)
# Comments for tools that look for other files are of no use in the page.
string(REGEX REPLACE "\n/\\*! For license[^\n]*\n//# sourceMappingURL[^\n]*" "" library "${library}")
set(ALLOT_LAYOUT_LIBRARY ${CMAKE_BINARY_DIR}/generated/dagre.js)
set(content "// dagre, which lays out the graph; its licence:\n${licence}\n${library}\n")
set(written "")
if(EXISTS ${ALLOT_LAYOUT_LIBRARY})
  file(READ ${ALLOT_LAYOUT_LIBRARY} written)
endif()
if(NOT written STREQUAL content)
  file(WRITE ${ALLOT_LAYOUT_LIBRARY} "${content}")
endif()
