# SPDX-License-Identifier: MIT
# mirq for CMake projects that compile it themselves:
#   include(path/to/mirq/mirq.cmake)
#   target_sources(kernel PRIVATE ${MIRQ_SOURCES})
#   target_include_directories(kernel PRIVATE ${MIRQ_INCLUDES})
# MIRQ_SOURCES are the sources of sources.list, absolute. Add a port: ports/template is the start.
set(_mirq_list "${CMAKE_CURRENT_LIST_DIR}/sources.list")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_mirq_list}")
file(STRINGS "${_mirq_list}" MIRQ_SOURCES REGEX "^[^#]")
list(TRANSFORM MIRQ_SOURCES PREPEND "${CMAKE_CURRENT_LIST_DIR}/")
set(MIRQ_INCLUDES "${CMAKE_CURRENT_LIST_DIR}/include")
unset(_mirq_list)
