"""The solutions of the course's exercises, a module a chapter: do not look before you have tried"""
